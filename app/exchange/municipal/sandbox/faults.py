"""How the sandbox is told to fail, and what befalls each request. Same seed and order of requests, same failures."""

import random
import threading
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from app.exchange.municipal.wire.contract import RecordKind

Probability = Annotated[float, Field(ge=0, le=1)]

Fault = Literal[
    "down", "error", "busy", "redirect",
    "lost", "cut", "answer_twice", "twice", "bad_signature", "old", "replayed", "oversize", "malformed", "forget",
]  # fmt: skip
FAULTS: tuple[Fault, ...] = get_args(Fault)
BEFORE: frozenset[Fault] = frozenset({"down", "error", "busy", "redirect"})
"""With these nothing of the request is taken in; with the others it is, and the answer is what goes wrong."""


class Rule(BaseModel):
    """What the sandbox rejects: records whose payload has this value in this field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: RecordKind | None = Field(None, description="哪一类记录；空为任何一类")
    field: str = Field(max_length=64, examples=["name"])
    value: Any = Field(None, description="等于此值即退回；空为该字段为空时退回", examples=["重复项目"])
    code: str = Field("rule", max_length=64, examples=["P-102"])
    message: str = Field("不符合市级要求", max_length=500, examples=["项目名称与在库项目重复"])


class Faults(BaseModel):
    """What goes wrong. What is left out is off: an empty object makes the sandbox well again.

    Of `down` to `forget` at most one befalls a request, so that they add up to 1 at most; `slow` comes on top of it;
    `later` and `retry` are drawn for each record.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(0, description="随机数种子")
    slow: Probability = Field(0, description="先等待再受理")
    slow_seconds: float = Field(0.5, ge=0, le=600, description="等待多久，秒；在其一半与此之间")

    down: Probability = Field(0, description="不作任何答复即断开")
    error: Probability = Field(0, description="答复 500、502、503 或 504")
    busy: Probability = Field(0, description="答复 429，附 Retry-After")
    redirect: Probability = Field(0, description="答复 302、307 或 308，指向别处")
    lost: Probability = Field(0, description="受理后不作答复即断开")
    cut: Probability = Field(0, description="受理后答复到一半断开")
    answer_twice: Probability = Field(0, description="同一答复发两遍")
    twice: Probability = Field(0, description="同一批受理两遍")
    bad_signature: Probability = Field(0, description="答复的签名不符")
    old: Probability = Field(0, description="答复的时间在一小时前")
    replayed: Probability = Field(0, description="答复为此前某次的答复")
    oversize: Probability = Field(0, description="答复过大")
    malformed: Probability = Field(0, description="答复不合约定")
    forget: Probability = Field(0, description="先丢失已持有的全部记录")

    later: Probability = Field(0, description="答复 received，回执以后再发")
    retry: Probability = Field(0, description="答复 retry")
    rules: tuple[Rule, ...] = Field((), max_length=100, description="退回规则")

    retry_after: int = Field(1, ge=0, le=86_400, description="Retry-After，秒")
    redirect_to: str = Field("http://127.0.0.1:9/elsewhere", max_length=500, description="302 指向的地址")
    oversize_bytes: int = Field(6_000_000, ge=1, le=64_000_000, description="过大的答复有多大，字节")
    later_seconds: float | None = Field(
        None, ge=0, le=86_400, description="多久之后自行补发回执，秒；空为只在 POST /control/receipts 时补发"
    )
    answer_to: str | None = Field(
        None, max_length=500, description="补发回执的地址；空为启动时所设", examples=["http://127.0.0.1:8000/api/v1/…"]
    )
    answer_key: SecretStr | None = Field(None, description="区县发给市级的机器密钥，补发回执时携带；空为启动时所设")

    @model_validator(mode="after")
    def _one_at_most(self) -> Self:
        if sum(getattr(self, name) for name in FAULTS) > 1 + 1e-9:
            raise ValueError(f"{FAULTS[0]} 至 {FAULTS[-1]} 各项概率之和不能超过 1")
        if self.later + self.retry > 1 + 1e-9:
            raise ValueError("later 与 retry 之和不能超过 1")
        return self


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls one request."""

    fault: Fault | None
    slow_seconds: float
    dice: random.Random


class Mood:
    """The faults in force, and the dice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.change(Faults())

    def change(self, faults: Faults) -> None:
        """From now on these, with dice of their seed."""
        with self._lock:
            self.faults = faults
            self._dice = random.Random(faults.seed)  # noqa: S311  no secret comes of it

    def fate(self) -> Fate:
        """What befalls the next request; it has dice of its own, so that others at the same time change nothing."""
        with self._lock:
            faults, dice = self.faults, random.Random(self._dice.random())  # noqa: S311  as above
        at, fault = dice.random(), None
        for name in FAULTS:
            at -= getattr(faults, name)
            if at < 0:
                fault = name
                break
        slow = (0.5 + dice.random() / 2) * faults.slow_seconds if dice.random() < faults.slow else 0
        return Fate(fault, slow, dice)
