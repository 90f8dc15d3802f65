from gatte.jobs.room import Room


def test_there_is_room_until_as_many_jobs_are_in_hand():
    room = Room(3)
    room.take(2)
    assert room.wait(0)

    room.take(1)

    assert not room.wait(0)


def test_a_bundle_that_is_larger_than_what_is_left_fits():
    room = Room(1)

    assert room.take(8).jobs == 8
    assert not room.wait(0)


def test_each_job_that_ends_makes_room():
    room = Room(2)
    taken = room.take(2)

    taken.end_one()

    assert room.wait(0)


def test_a_bundle_that_ends_early_gives_back_what_it_took_and_no_more():
    room = Room(1)
    taken = room.take(2)
    taken.end_one()

    taken.end()
    taken.end()
    room.take(1)

    assert not room.wait(0)
