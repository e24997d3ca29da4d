"""Invented names are steady, and hold nothing of the handle."""

from scrapers.replica.names import creator_person, invented_person, slug


def test_the_same_handle_has_the_same_name_and_another_has_another():
    assert invented_person("user-1") == invented_person("user-1")
    names = {invented_person(f"user-{i}").username for i in range(1000)}
    assert len(names) == 1000


def test_an_invented_name_does_not_show_the_handle():
    person = invented_person("zachariah")
    assert person.uid == "zachariah"
    assert "zachariah" not in f"{person.username} {person.display_name}".lower()


def test_a_creator_keeps_the_name_and_gets_a_uid_of_its_own():
    person = creator_person("Ann Lee")
    assert person.display_name == "Ann Lee"
    assert len(person.uid) == 32
    assert person.username.startswith("ann-lee-")
    assert creator_person("Ann-Lee").username != person.username


def test_slugs_are_plain_and_never_empty():
    assert slug('  Söhne & "Co" ') == "sohne-co"
    assert slug("日本") == "untitled"
    assert len(slug("a" * 500)) == 80
