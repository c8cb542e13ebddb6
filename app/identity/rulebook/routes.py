from typing import Annotated

from fastapi import Path, Response

from app.identity.auth.access import Read, reads, requires
from app.identity.rulebook import queries
from app.identity.rulebook.queries import NoRule
from app.identity.rulebook.schemas import RuleOut, RulePage, RuleWithdrawIn, VersionIn, VersionOut
from app.kernel import rules
from app.kernel.access import Actor, Permission
from app.kernel.db import Db
from app.kernel.errors import Forbidden, Invalid, Unauthenticated, raises
from app.kernel.replies import saved
from app.kernel.routing import api
from app.kernel.rules import NotADraft, RuleOverlap, SamePerson

router = api("rules")

Code = Annotated[str, Path(description="规则编码", pattern="^[a-z_]{1,40}$", examples=["sector"])]
Number = Annotated[int, Path(description="版本号", ge=0, le=2**31 - 1, examples=[1])]
RuleReader = Annotated[Read, reads(Permission.RULE_READ)]
Author = Annotated[Actor, requires(Permission.RULE_SAVE)]
# What activating asks for is the kind's own business; whoever may not even read rules is stopped here.
Activator = Annotated[Actor, requires(Permission.RULE_READ)]


@router.get("/rules", response_model=RulePage, responses=raises(Unauthenticated, Forbidden), summary="规则列表")
async def list_rules(read: RuleReader) -> Response:
    """Every kind of rule, and the version in force today."""
    return await read.answer(queries.page)


@router.get(
    "/rules/{code}", response_model=RuleOut, responses=raises(Unauthenticated, Forbidden, NoRule), summary="一种规则"
)
async def get_rule(read: RuleReader, code: Code) -> Response:
    """One kind of rule: the schema of its body and all its versions."""
    return await read.answer(queries.one, code)


@router.post(
    "/rules/{code}/versions",
    response_model=VersionOut,
    status_code=201,
    responses=raises(Unauthenticated, Forbidden, NoRule, Invalid),
    summary="起草新版本",
)
def save_rule_version(code: Code, body: VersionIn, db: Db, actor: Author) -> Response:
    """Save a draft. It rules nothing until another person activates it."""
    kind = queries.kind_of(code)
    version = rules.save(db, actor, kind, body.body, body.valid_from, body.valid_to, body.basis)
    return saved(db, queries.out(db, version), status=201, location=f"/api/v1/rules/{code}")


@router.post(
    "/rules/{code}/versions/{number}/activate",
    response_model=VersionOut,
    responses=raises(Unauthenticated, Forbidden, SamePerson, NoRule, NotADraft, RuleOverlap),
    summary="启用版本",
)
def activate_rule_version(code: Code, number: Number, db: Db, actor: Activator) -> Response:
    """Put a draft into force from its date on. Who drafted it cannot, and the kind's own permission is asked."""
    version = queries.get(db, code, number)
    rules.activate(db, actor, version)
    return saved(db, queries.out(db, version))


@router.post(
    "/rules/{code}/versions/{number}/withdraw",
    response_model=VersionOut,
    responses=raises(Unauthenticated, Forbidden, NoRule, NotADraft, Invalid),
    summary="撤回草稿",
)
def withdraw_rule_version(code: Code, number: Number, body: RuleWithdrawIn, db: Db, _actor: Author) -> Response:
    """Give a draft up. A version that ruled is never withdrawn: a newer one ends it."""
    version = queries.get(db, code, number)
    rules.withdraw(db, version, body.reason)
    return saved(db, queries.out(db, version))
