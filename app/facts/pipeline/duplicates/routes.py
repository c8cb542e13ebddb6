from fastapi import Response

from app.facts.pipeline.duplicates import queries as duplicate_queries
from app.facts.pipeline.duplicates import signing
from app.facts.pipeline.duplicates.schemas import DuplicateAnswerList, DuplicateAnswersIn, SuspectList
from app.facts.pipeline.routes import Code, Editor, Reader
from app.facts.projects.queries import NoProject
from app.facts.projects.service import Archived, NotYours
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("pipeline")


@router.get(
    "/projects/{code}/duplicates",
    summary="疑似重复的项目",
    response_model=SuspectList,
    responses=raises(NoProject),
)
async def list_duplicates(read: Reader, code: Code) -> Response:
    """Other projects that may be the same one, the likeliest first, and what was answered: before one signs.

    Names are compared letter by letter and by sound, aliases included; the same enterprises (one credit code is one
    enterprise), the same group, the same place and amount are suspected too. What the caller may not see is a number.
    """
    return await read.answer(duplicate_queries.of_project, code)


@router.get(
    "/projects/{code}/duplicates/answers",
    summary="疑似重复的答复",
    response_model=DuplicateAnswerList,
    responses=raises(NoProject),
)
async def list_duplicate_answers(read: Reader, code: Code) -> Response:
    """All answers about this project, on whichever of the two they were given: same or not, why, by whom, when."""
    return await read.answer(duplicate_queries.answers_of, code)


@router.post(
    "/projects/{code}/duplicates/answers",
    summary="答复疑似重复",
    status_code=201,
    response_model=DuplicateAnswerList,
    responses=raises(NoProject, NotYours, Archived, Invalid),
)
def answer_duplicates(code: Code, body: DuplicateAnswersIn, db: Db, actor: Editor) -> Response:
    """Say of other projects whether they are the same as this one, before it is signed.

    For whoever may see both: where the one who signs may not see a suspected project, somebody else answers. A newer
    answer goes before an older one; all of them stay. An answer holds until something else is suspected.
    """
    project, given = signing.answer(db, actor, code, body.answers)
    db.flush()
    told = duplicate_queries.out(db, actor, project, [one.id for one in given])
    return saved(db, told, status=201, row_version=project.version)
