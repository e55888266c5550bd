"""A user's program with respan-tracing: a workflow, a task, a tool and a call of the OpenAI SDK."""

from openai import OpenAI
from opentelemetry import trace
from respan_tracing import RespanTelemetry, get_client
from respan_tracing.decorators import task, tool, workflow

telemetry = RespanTelemetry(app_name="travel-agent")
model = OpenAI()


@tool(name="look_up")
def look_up(city: str) -> dict[str, str]:
    return {"city": city, "country": "France"}


@task(name="answer_question")
def answer(question: str) -> str:
    get_client().update_current_span(
        respan_params={
            "customer_identifier": "customer-8",
            "thread_identifier": "thread-8",
            "metadata": {"plan": "free"},
        }
    )
    look_up("Paris")
    reply = model.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": question}])
    return reply.choices[0].message.content or ""


@workflow(name="travel_workflow")
def run(question: str) -> str:
    print(f"{trace.get_current_span().get_span_context().trace_id:032x}")
    return answer(question)


run("What is the capital of France?")
telemetry.flush()
