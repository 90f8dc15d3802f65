from gatte.jobs.worker.slots import JobSlots


def test_there_is_room_until_as_many_jobs_are_in_hand():
    room = JobSlots(3)
    room.reserve(2)
    assert room.wait_for_free(0)

    room.reserve(1)

    assert not room.wait_for_free(0)


def test_a_bundle_that_is_larger_than_what_is_left_fits():
    room = JobSlots(1)

    assert room.reserve(8).jobs == 8
    assert not room.wait_for_free(0)


def test_each_job_that_ends_makes_room():
    room = JobSlots(2)
    taken = room.reserve(2)

    taken.release_one()

    assert room.wait_for_free(0)


def test_a_bundle_that_ends_early_gives_back_what_it_took_and_no_more():
    room = JobSlots(1)
    taken = room.reserve(2)
    taken.release_one()

    taken.release_all()
    taken.release_all()
    room.reserve(1)

    assert not room.wait_for_free(0)
