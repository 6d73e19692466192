"""Two versions of one policy -> what the new one loosens and tightens, a sentence each.

For the steward who signs: nothing that lets more out may hide in a long text. Every field of ``DataPolicy`` is compared
here; a test fails when one is added and not compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cleanroom.plan import Mechanism
from policies.merge import MECHANISMS, is_finer
from policies.model import ColumnGrant, DataPolicy, Mode, Permission

_SUMMED = frozenset({Permission.SUM, Permission.COUNT, Permission.COUNT_DISTINCT})


class Effect(StrEnum):
    """What a change does to what can be seen, in the order in which a steward should look at it."""

    LOOSENS = "loosens"
    CHANGES = "changes"  # neither more nor less, or some of both
    TIGHTENS = "tightens"


class Weight(StrEnum):
    """How much a change deserves a second look."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. Loosening weighs high where it concerns who sees, how few units, or a new column."""

    effect: Effect
    weight: Weight
    field: str
    sentence: str


def diff(old: DataPolicy, new: DataPolicy) -> tuple[Change, ...]:
    """What ``new`` changes, loosening first and tightening last, then by weight; empty if both mean the same (the version number apart).

    Raises:
        ValueError: the two are not for the same member and dataset.
    """
    if (old.member, old.dataset) != (new.member, new.dataset):
        raise ValueError("two versions of one member's policy for one dataset are compared")
    found = [*_people(old, new), *_signers(old, new), *_thresholds(old, new), *_joins(old, new), *_columns(old, new)]
    effects, weights = list(Effect), list(Weight)
    return tuple(sorted(found, key=lambda c: (effects.index(c.effect), weights.index(c.weight), c.field, c.sentence)))


def _people(old: DataPolicy, new: DataPolicy) -> Iterator[Change]:
    yield from _set("queriers", old.queriers, new.queriers, "`{}` may now ask", "`{}` may no longer ask")
    yield from _set(
        "receivers", old.receivers, new.receivers, "`{}` may now hold answers", "`{}` may no longer hold answers"
    )
    yield from _set("purposes", old.purposes, new.purposes, "purpose `{}` is now admitted", "purpose `{}` is closed")
    if old.mode is not new.mode:
        if new.mode is Mode.AD_HOC:
            yield _looser("mode", "any question may be asked, where only approved templates could", Weight.HIGH)
        else:
            yield _tighter("mode", "approved templates only, where any question could be asked")
    if old.expires != new.expires:
        is_longer = new.expires is None or (old.expires is not None and new.expires > old.expires)
        until = f"until {new.expires.isoformat()}" if new.expires is not None else "without a last day"
        make = _looser if is_longer else _tighter
        yield make("expires", f"the policy now holds {until}", Weight.MEDIUM)


def _signers(old: DataPolicy, new: DataPolicy) -> Iterator[Change]:
    if old.two_person == new.two_person:
        return
    if not new.two_person:
        yield _looser("two_person", "one person's signature is now enough for approvals", Weight.HIGH)
    elif not old.two_person:
        yield _tighter("two_person", "two persons must now sign this policy and approvals of templates that read it")
    else:
        yield Change(
            effect=Effect.CHANGES, weight=Weight.HIGH, field="two_person",
            sentence="other keys may now sign for the two persons",
        )  # fmt: skip


def _thresholds(old: DataPolicy, new: DataPolicy) -> Iterator[Change]:
    if old.privacy_unit != new.privacy_unit:
        yield Change(
            effect=Effect.CHANGES, weight=Weight.HIGH, field="privacy_unit",
            sentence=f"cells now protect `{new.privacy_unit}` instead of `{old.privacy_unit}`",
        )  # fmt: skip
    if old.minimum_units != new.minimum_units:
        sentence = f"a number needs {new.minimum_units} units, where it needed {old.minimum_units}"
        make = _looser if new.minimum_units < old.minimum_units else _tighter
        yield make("minimum_units", sentence, Weight.HIGH)
    yield from _contributors(old, new)
    if old.release.mechanism is not new.release.mechanism:
        is_weaker = MECHANISMS.index(new.release.mechanism) < MECHANISMS.index(old.release.mechanism)
        sentence = f"numbers are released by `{new.release.mechanism}`, where it was `{old.release.mechanism}`"
        yield (_looser if is_weaker else _tighter)("release.mechanism", sentence, Weight.HIGH)
    elif old.release != new.release:
        yield _release(old, new)
    if old.zeros != new.zeros:
        yield (
            _looser("zeros", "empty numbers are now shown as zero", Weight.LOW)
            if new.zeros
            else _tighter("zeros", "empty numbers are now withheld", Weight.LOW)
        )


def _release(old: DataPolicy, new: DataPolicy) -> Change:
    before, after = old.release, new.release
    if after.mechanism is Mechanism.ROUND and before.base is not None and after.base is not None:
        sentence = f"numbers are rounded to {after.base}, where it was {before.base}"
        if after.base % before.base == 0:
            return _tighter("release.base", sentence)
        return _looser("release.base", sentence, Weight.HIGH if after.base < before.base else Weight.MEDIUM)
    return Change(
        effect=Effect.CHANGES,
        weight=Weight.HIGH,
        field="release",
        sentence="the release mechanism has other parameters",
    )


def _contributors(old: DataPolicy, new: DataPolicy) -> Iterator[Change]:
    before, after = old.contributors, new.contributors
    if before == after:
        return
    if after is None:
        yield _looser("contributors", "cells no longer need several contributors", Weight.HIGH)
    elif before is None:
        sentence = f"mixed cells now need {after.minimum} contributors, none above {after.largest_share}"
        yield _tighter("contributors", sentence)
    else:
        if after.minimum != before.minimum:
            sentence = f"mixed cells need {after.minimum} contributors, where they needed {before.minimum}"
            make = _looser if after.minimum < before.minimum else _tighter
            yield make("contributors.minimum", sentence, Weight.HIGH)
        if after.largest_share != before.largest_share:
            sentence = f"one contributor may hold up to {after.largest_share}, where it was {before.largest_share}"
            make = _looser if after.largest_share > before.largest_share else _tighter
            yield make("contributors.largest_share", sentence, Weight.HIGH)


def _joins(old: DataPolicy, new: DataPolicy) -> Iterator[Change]:
    if old.joins.required != new.joins.required:
        if new.joins.required:
            yield _tighter("joins.required", "it may only be asked together with another member's data")
        else:
            yield _looser("joins.required", "it may now be asked alone", Weight.HIGH)
    yield from _set(
        "joins.columns",
        old.joins.columns,
        new.joins.columns,
        "`{}` may now be joined on",
        "`{}` may no longer be joined on",
    )
    yield from _set(
        "joins.with", old.joins.with_, new.joins.with_, "it may now meet `{}`", "it may no longer meet `{}`"
    )


def _columns(old: DataPolicy, new: DataPolicy) -> Iterator[Change]:
    for name in sorted(old.columns.keys() | new.columns.keys()):
        before, after = old.columns.get(name), new.columns.get(name)
        if after is None:
            yield _tighter(f"columns.{name}", f"`{name}` no longer exists for queriers")
        elif before is None:
            allowed = ", ".join(sorted(after.allow))
            yield _looser(f"columns.{name}", f"`{name}` is now granted for {allowed}", Weight.HIGH)
        else:
            yield from _grant(name, before, after)


def _grant(name: str, before: ColumnGrant, after: ColumnGrant) -> Iterator[Change]:
    field = f"columns.{name}"
    yield from _set(
        f"{field}.allow", tuple(before.allow), tuple(after.allow),
        f"`{name}` is now granted for {{}}", f"`{name}` is no longer granted for {{}}",
    )  # fmt: skip
    if before.grain is not after.grain:
        is_looser = after.grain is None or (before.grain is not None and is_finer(after.grain, before.grain))
        sentence = f"`{name}` is seen by {after.grain or 'its full precision'}, where it was {before.grain or 'exact'}"
        yield (_looser if is_looser else _tighter)(f"{field}.grain", sentence, Weight.HIGH)
    if before.between != after.between:
        yield _between(name, before, after)


def _between(name: str, before: ColumnGrant, after: ColumnGrant) -> Change:
    field = f"columns.{name}.between"
    if after.between is None:
        return _unbounded(field, name, before)
    sentence = f"values of `{name}` are held to {after.between[0]} to {after.between[1]}"
    if before.between is None:
        return _bounded(field, sentence, after)
    if before.between[0] <= after.between[0] and after.between[1] <= before.between[1]:
        return _tighter(field, sentence)
    return _looser(field, sentence, Weight.MEDIUM)


def _bounded(field: str, sentence: str, after: ColumnGrant) -> Change:
    """New bounds narrow averages, but open sums: a column is summed, or counted per unit and summed, within bounds only."""
    if not after.allow & _SUMMED:
        return _tighter(field, sentence)
    sentence += ", and may be added up within them"
    if Permission.AVG in after.allow:
        return Change(effect=Effect.CHANGES, weight=Weight.HIGH, field=field, sentence=sentence)
    return _looser(field, sentence, Weight.HIGH)


def _unbounded(field: str, name: str, before: ColumnGrant) -> Change:
    if not before.allow & _SUMMED:
        return _looser(field, f"values of `{name}` are no longer held to bounds", Weight.HIGH)
    sentence = f"values of `{name}` are no longer held to bounds, nor added up"
    if Permission.AVG in before.allow:
        return Change(effect=Effect.CHANGES, weight=Weight.HIGH, field=field, sentence=sentence)
    return _tighter(field, sentence)


def _set(field: str, old: tuple[str, ...], new: tuple[str, ...], added: str, removed: str) -> Iterator[Change]:
    for name in sorted(set(new) - set(old)):
        yield _looser(field, added.format(name), Weight.HIGH)
    for name in sorted(set(old) - set(new)):
        yield _tighter(field, removed.format(name))


def _looser(field: str, sentence: str, weight: Weight = Weight.MEDIUM) -> Change:
    return Change(effect=Effect.LOOSENS, weight=weight, field=field, sentence=sentence)


def _tighter(field: str, sentence: str, weight: Weight = Weight.MEDIUM) -> Change:
    return Change(effect=Effect.TIGHTENS, weight=weight, field=field, sentence=sentence)
