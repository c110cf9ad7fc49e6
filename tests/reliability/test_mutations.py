"""Whatever a stranger's file holds, the command line makes a picture or says one sentence."""

from __future__ import annotations

import pytest
from frame_trial import frame_trials
from mutation_trial import PICTURES, RECIPES, Kind, trials
from picture_corpus import corpus
from picture_mutation import mutant

SEED = 15
SHORT = {"pictures": 150, "recipes": 60, "frames": 60}
LONG = {"pictures": 1000, "recipes": 300, "frames": 300}


def test_mutation_is_the_same_for_the_same_seed_and_number() -> None:
    """What failed can be made again, and another number gives another picture."""
    assert mutant(SEED, 3) == mutant(SEED, 3)
    names = {mutant(SEED, number).name.rpartition(".")[2] for number in range(60)}
    assert names == {name.rpartition(".")[2] for name in corpus()}
    sound = set(corpus().values())
    changed = [mutant(SEED, number).data not in sound for number in range(60)]
    assert sum(changed) > 50


@pytest.mark.parametrize(("name", "kind"), [("pictures", PICTURES), ("recipes", RECIPES)])
def test_mutated_files_give_a_picture_or_one_sentence(name: str, kind: Kind, long: bool) -> None:
    """Never a traceback, a signal, a hang, a gigabyte, a file left over, a library's warning."""
    made = list(trials(kind, (LONG if long else SHORT)[name], SEED))
    wrong = [str(trial) for trial in made if trial.faults]
    assert not wrong, "\n".join(wrong)
    codes = [trial.ended.code for trial in made]
    # Both outcomes are frequent; were one rare, the mutations would be too mild or too wild.
    assert min(codes.count(0), codes.count(2)) > len(made) / 12


def test_mutated_messages_are_answered_by_the_worker(long: bool) -> None:
    """It replies to each in words, understands the next, and never ends but as documented."""
    wrong = [str(t) for t in frame_trials((LONG if long else SHORT)["frames"], SEED) if t.faults]
    assert not wrong, "\n".join(wrong)
