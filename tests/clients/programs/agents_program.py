"""A user's program with the OpenAI Agents SDK: an agent with one tool; its traces go where EXPORTER names."""

import os

from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_trace_processors
from agents.tracing import flush_traces, gen_trace_id, trace
from openai import AsyncOpenAI

if os.environ["EXPORTER"] == "respan":
    from respan_exporter_openai_agents import RespanTraceProcessor

    set_trace_processors(
        [RespanTraceProcessor(api_key=os.environ["RESPAN_API_KEY"], endpoint=os.environ["RESPAN_ENDPOINT"])]
    )
else:
    from agents.tracing.processors import BackendSpanExporter, BatchTraceProcessor

    exporter = BackendSpanExporter(api_key=os.environ["RESPAN_API_KEY"], endpoint=os.environ["RESPAN_ENDPOINT"])
    set_trace_processors([BatchTraceProcessor(exporter)])


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"21 degrees in {city}"


agent = Agent(
    name="weather agent",
    instructions="You answer in one sentence.",
    model=OpenAIChatCompletionsModel(model="gpt-4o-mini", openai_client=AsyncOpenAI()),
    tools=[get_weather],
)
trace_id = gen_trace_id()
with trace("weather workflow", trace_id=trace_id, group_id="thread-9", metadata={"plan": "pro"}):
    result = Runner.run_sync(agent, "What is the weather in Paris?")
flush_traces()
print(trace_id)
