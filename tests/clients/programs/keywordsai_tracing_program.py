"""A user's program with keywordsai-tracing: a workflow, a task and a call of the OpenAI SDK."""

from keywordsai_tracing import KeywordsAITelemetry, get_client
from keywordsai_tracing.decorators import task, workflow
from openai import OpenAI
from opentelemetry import trace

telemetry = KeywordsAITelemetry(app_name="travel-agent")
model = OpenAI()


@task(name="answer_question")
def answer(question: str) -> str:
    client = get_client()
    client.update_current_span(
        keywordsai_params={
            "customer_identifier": "customer-7",
            "thread_identifier": "thread-7",
            "metadata": {"plan": "pro"},
        }
    )
    reply = model.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "system", "content": "You answer in one sentence."},
            {"role": "user", "content": question},
        ],
        temperature=0.2,
    )
    return reply.choices[0].message.content or ""


@workflow(name="travel_workflow")
def run(question: str) -> str:
    print(f"{trace.get_current_span().get_span_context().trace_id:032x}")
    return answer(question)


run("What is the capital of France?")
telemetry.flush()
