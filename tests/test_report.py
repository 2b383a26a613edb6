"""What a run reports: its clock, and generators that report on their way and return something in the end."""

import pytest

from nst.errors import Diverged, OutOfMemory
from nst.report import Report, each_as, result_of, timed
from nst.schedule import Pace, Scale

PACE = Pace([Scale((64, 48), 4)])


def counted(*evaluations: int, of: int = 4, size=(64, 48)):
    return (Report(evaluation=n, of=of, size=size) for n in evaluations)


def failing(error):
    yield Report(evaluation=1, of=4, size=(512, 384))
    raise error


def work():
    yield "first"
    yield "second"
    return 7


def test_seconds_grow_and_the_time_left_is_zero_in_the_end():
    reports = list(timed(counted(0, 1, 2, 3, 4), Pace([Scale((64, 48), 4)])))
    assert [report.seconds for report in reports] == sorted(report.seconds for report in reports)
    assert reports[0].eta is None
    assert reports[-1].eta == 0


def test_several_pictures_painted_in_turns_share_the_time_of_one_schedule():
    reports = list(timed(counted(*range(9), of=8), Pace([Scale((64, 48), 4)])))
    assert reports[-1].eta == 0
    assert reports[4].eta == reports[5].eta  # half a round more says nothing new


NO_MEMORY = "CUDA out of memory.", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED", "cuFFT error: CUFFT_ALLOC_FAILED"


@pytest.mark.parametrize("error", [Diverged("no"), MemoryError(), *map(RuntimeError, NO_MEMORY)], ids=str)
def test_what_ends_a_run_carries_the_last_report(error):
    with pytest.raises((Diverged, OutOfMemory)) as caught:
        list(timed(failing(error), PACE))
    assert caught.value.best.evaluation == 1
    if not isinstance(error, Diverged):
        assert "512 × 384 pixels: choose a size of 256 or less" in str(caught.value)


def test_a_failure_before_the_first_evaluation_carries_nothing():
    def nothing():
        yield Report()
        raise Diverged("no")

    with pytest.raises(Diverged) as caught:
        list(timed(nothing(), PACE))
    assert caught.value.best is None


def test_running_out_of_memory_before_a_size_is_known_names_none():
    def nothing():
        yield Report()
        raise MemoryError

    with pytest.raises(
        OutOfMemory, match=r"^There is not enough memory to begin: free some, or choose another"
    ):
        list(timed(nothing(), PACE))


def test_running_out_of_memory_at_the_least_size_does_not_name_it_again():
    def least():
        yield Report(size=(64, 48))
        raise MemoryError

    with pytest.raises(OutOfMemory, match=r"paint 64 × 48 pixels, and no size is smaller: free some"):
        list(timed(least(), PACE))


def test_another_error_passes_as_it_is():
    with pytest.raises(RuntimeError, match="a bug"):
        list(timed(failing(RuntimeError("a bug")), PACE))


def test_a_work_is_followed_and_its_result_kept():
    assert result_of(work()) == 7
    seen = []

    def follow():
        seen.append((yield from each_as(work(), str.upper)))

    assert list(follow()) == ["FIRST", "SECOND"]
    assert seen == [7]


def test_closing_what_follows_a_work_closes_the_work():
    closed = []

    def endless():
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    following = each_as(endless(), str)
    next(following)
    following.close()
    assert closed == [True]
