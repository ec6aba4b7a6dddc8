"""A model and an answer of 5 MB: a real run, a real tool server, a real model's wire. It reads what it needs of it."""

import json
import re
from pathlib import Path

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.blobs import Folder
from activities.ledger import Ledger
from activities.masking import MARK, Masker
from activities.models import Address, Models
from activities.outputs import Outputs
from activities.planning import Planning
from activities.thinking import Thinking
from activities.tool_servers import ToolServers
from activities.tools import Tools
from handrail.queues import WORKFLOWS, as_activities, runner
from tests.activities.orders import CANARY, odd
from tests.model_server import Heard, calls, model_server, says
from tests.workflows.far_end import FarEnd, in_order, spec
from workflows.outside import Queue
from workflows.values.spec import ModelPlanner
from workflows.values.view import RunState

LOG, READ = "odd__long_log", "handrail__read_output"


def reader(heard: Heard):
    """Asks for the log, searches it, reads around what it found, and tries another run's answer."""
    told = [json.loads(each["content"]) for each in heard["messages"] if each["role"] == "tool"]
    if not told:
        return calls((LOG, "{}"))
    if len(told) == 1:
        [output] = told[0]["whole"]
        return calls(
            (READ, json.dumps({"output": output, "search": "fatal"})), (READ, json.dumps({"output": "99"}))
        )
    if len(told) == 3:
        [line] = re.findall(r"^line ([\d,]+), character", told[1]["text"], re.MULTILINE)
        return calls((READ, json.dumps({"output": "1", "from": int(line.replace(",", "")), "lines": 1})))
    return says(told[-1]["text"].splitlines()[-1])


async def test_a_model_finds_one_line_in_an_answer_of_five_megabytes(
    temporal: WorkflowEnvironment, tool_servers: ToolServers, tmp_path: Path
):
    client, masker, blobs = temporal.client, Masker([CANARY], []), Folder(tmp_path)
    far_end, outputs = FarEnd(client, in_order()), Outputs(blobs)
    async with model_server() as model, Models({"small": Address(url=model.url, model="small-1")}) as models:
        model.says_next = reader
        planning = Planning(client, masker, outputs, Thinking(models, tool_servers))
        carriers = as_activities(planning, Tools(tool_servers, masker, blobs), outputs, Ledger(client))
        worker = Worker(
            client,
            task_queue=Queue.RUNS,
            workflows=WORKFLOWS,
            activities=carriers[Queue.RUNS],
            workflow_runner=runner(),
        )
        slack = Worker(client, task_queue=Queue.SLACK, activities=as_activities(far_end)[Queue.SLACK])
        log = odd("long_log").model_copy(update={"reads": True})
        agent = spec().model_copy(update={"planner": ModelPlanner(models=("small",)), "tools": (log,)})
        async with worker, slack:
            run = await far_end.start("a-model-reads", agent)
            result = await run.result()

        assert (result.state, result.text) == (
            RunState.DONE,
            f"line 30001: FATAL: the login {MARK} was refused",
        )
        refused = [each for each in model.heard[2]["messages"] if each["role"] == "tool"][-1]
        assert "output has to be the number of a call whose answer is kept (1)" in refused["content"]
        assert all(len(model.told(number)) < 40_000 for number in range(4))
        assert not any(Masker([CANARY], []).hides(model.told(number)) for number in range(4))
    histories = (await run.describe()).raw_description.workflow_execution_info.history_size_bytes
    assert histories < 200_000
