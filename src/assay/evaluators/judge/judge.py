"""A judge: from inputs to the call of a model, and from the model's reply to a verdict. It asks nobody itself."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from assay.evaluators.json_values import canonical_json
from assay.evaluators.judge.configuration import check, read_configuration
from assay.evaluators.judge.prompt import answer_schema, repair_messages, system_message, user_message
from assay.evaluators.judge.reply import reply_reader
from assay.evaluators.outcome import WrongAnswer
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion, Verdict
from assay.providers.contract import ChatCall, ChatReply


class Judge:
    """The judge of one evaluator version; holds no state between cells and may be used from threads and tasks.

    Raises Invalid naming every wrong setting of the version, as `configuration.check` does.
    """

    def __init__(self, version: EvaluatorVersion) -> None:
        check(version)
        self._version = version
        self._configuration = read_configuration(version)
        self._schema = answer_schema(version)
        self._system = system_message(version)
        self._read = reply_reader(version)

    @property
    def model(self) -> str:
        """The name of the model that is asked."""
        return self._configuration.model

    def call(self, inputs: EvaluatorInputs) -> ChatCall:
        """Make the call that judges these inputs, byte for byte the same for the same inputs.

        Raises WrongAnswer: `prompt_too_long` beyond 2,000,000 bytes, `unreadable_inputs` for what has no JSON text.
        """
        messages = (self._system, user_message(self._configuration, inputs))
        return ChatCall(self.model, messages, self._schema, self._configuration.parameters)

    def repair(self, call: ChatCall, reply_text: str, problem: WrongAnswer | str) -> ChatCall:
        """Make the one call that follows a reply which could not be read, asking for the JSON object alone."""
        return replace(call, messages=(*call.messages, *repair_messages(self._version, reply_text, str(problem))))

    def read(self, reply: ChatReply) -> Verdict:
        """Read a reply; raises WrongAnswer with one of the kinds that `reply.reply_reader` names."""
        return self._read(reply.text, reply.finish_reason)


def cache_key(call: ChatCall) -> bytes:
    """Return 32 bytes that two calls share exactly when they ask the same: BLAKE2b of their canonical JSON.

    Model, messages, schema and parameters count; the provider that is asked does not.
    """
    asked = {"model": call.model, "messages": call.messages, "schema": call.schema, "parameters": call.parameters}
    return hashlib.blake2b(canonical_json(asked).encode("utf-8", "surrogatepass"), digest_size=32).digest()
