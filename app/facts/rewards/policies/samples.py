"""Examples of reward policies, after four that places in China have published. None of them is in force anywhere here:
a district copies one into a draft, puts its own basis and amounts in, and lets a second person activate it."""

from typing import Any

from app.facts.rewards.policies.rules import RewardPolicies

BASIS = "示例，依公开政策改写，未启用"


def _slab(*bands: tuple[str, str | None, str], **more: Any) -> dict[str, Any]:
    return {
        "shape": "slab",
        "bands": [{"start": start, "end": end, "rate": rate} for start, end, rate in bands],
        **more,
    }


def _whole(rate: str) -> dict[str, Any]:
    return {"shape": "whole", "bands": [{"start": "0", "rate": rate}]}


SAMPLES = RewardPolicies.model_validate(
    {
        "policies": [
            {
                # ≤ 1000万 5‰, to 1亿 1‰, above 0.5‰; cap 50万.
                "code": "sample_slab_from_zero", "label": "固定资产投资超额累进，五十万封顶", "basis": BASIS,
                "options": [
                    {
                        "code": "investment", "label": "按固定资产投资", "base": "fixed_asset_investment",
                        "shape": _slab(
                            ("0", "10000000", "5"), ("10000000", "100000000", "1"), ("100000000", None, "0.5")
                        ),
                    }
                ],
                "cap": "500000",
            },
            {
                # From 3000万: to 5000万 2.5‰, to 1亿 2‰, to 5亿 1.5‰, above 1‰; cap 1000万.
                "code": "sample_slab_from_floor", "label": "固定资产投资三千万起超额累进", "basis": BASIS,
                "options": [
                    {
                        "code": "investment", "label": "按固定资产投资", "base": "fixed_asset_investment",
                        "floor": "30000000",
                        "shape": _slab(
                            ("30000000", "50000000", "2.5"), ("50000000", "100000000", "2"),
                            ("100000000", "500000000", "1.5"), ("500000000", None, "1"), earns_from="floor",
                        ),
                    }
                ],
                "cap": "10000000",
            },
            {
                # 0.6 % of investment or, without it, 0.1 % of funds; caps by size from 1亿; ×1.5 for a 500强.
                "code": "sample_by_size", "label": "固定资产投资或到位资金，按规模封顶", "basis": BASIS,
                "options": [
                    {
                        "code": "investment", "label": "按固定资产投资", "base": "fixed_asset_investment",
                        "shape": _whole("6"),
                    },
                    {
                        "code": "funds", "label": "无固定资产投资的，按到位资金", "base": "recognised_funds",
                        "shape": _whole("1"),
                    },
                ],
                "choose": "first",
                "multipliers": [{"listings": ["global_500", "china_500", "private_500"], "factor": "1.5"}],
                "size_caps": {
                    "by": "investment",
                    "bands": [
                        {"start": "100000000", "end": "1000000000", "cap": "1000000"},
                        {"start": "1000000000", "end": "3000000000", "cap": "2000000"},
                        {"start": "3000000000", "end": "5000000000", "cap": "3000000"},
                        {"start": "5000000000", "cap": "5000000"},
                    ],
                },
            },
            {
                # 0.5‰ of outside funds, floor 5000万, cap 150万.
                "code": "sample_outside_funds", "label": "区外到位资金", "basis": BASIS,
                "options": [
                    {
                        "code": "funds", "label": "按区外到位资金", "base": "recognised_funds",
                        "fund_sources": ["outside_city", "outside_district", "foreign"],
                        "floor": "50000000", "shape": _whole("0.5"),
                    }
                ],
                "cap": "1500000",
            },
        ]
    }
)  # fmt: skip
