"""A released answer says when data behind it has been replaced since, to those who may hold it."""

from datetime import date

from api_case import AD_HOC, Case, sale, sales

_ASKED = {"sql": AD_HOC, "purpose": "warranty"}


def test_an_answer_on_older_data_says_so_everywhere(case: Case) -> None:
    """Fresh at first; after harbor's next file older in the release, in both lists, in the run and in every file."""
    case.policy()
    case.push(sales(12, 0))
    run = case.run(_ASKED)
    release = str(run["release_id"])
    client = case.client("solstice-analyst")
    assert run["rests_on_older_data"] is False
    assert "older data" not in client.get(f"/v1/releases/{release}").json()["about"]
    etag = client.get(f"/v1/releases/{release}").headers["ETag"]
    case.push([sale(5000 + n, sale_date=date(2026, 3, 1)) for n in range(12)])
    (listed,) = client.get("/v1/releases").json()["items"]
    (older,) = listed.pop("older")
    since = older.pop("since")
    assert older == {
        "member": "harbor",
        "dataset": "sales",
        "data_date": "2026-01-12",
        "newer_data_date": "2026-03-01",
    }
    assert listed["rests_on_older_data"] is True
    assert [view["rests_on_older_data"] for view in client.get("/v1/runs").json()["items"]] == [True]
    answer = client.get(f"/v1/releases/{release}", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.json()["about"]["older data"] == (
        "there are newer data since: sales of harbor (read up to 2026-01-12, now up to 2026-03-01, "
        f"changed {since[:10]} {since[11:16]} UTC)"
    )
    again = case.run(_ASKED)
    assert again["rests_on_older_data"] is False
    assert [view["rests_on_older_data"] for view in client.get("/v1/releases").json()["items"]] == [False, True]


def test_a_replayed_answer_is_as_old_as_the_first(case: Case) -> None:
    """The same question on the same data, then a newer file: both runs show the one release, and both are older."""
    case.policy()
    case.push(sales(12, 0))
    runs = [case.run(_ASKED) for _ in range(2)]
    assert runs[0]["release_id"] == runs[1]["release_id"]
    case.push([sale(5000 + n) for n in range(12)])
    views = case.client("solstice-analyst").get("/v1/runs").json()["items"]
    assert [view["rests_on_older_data"] for view in views] == [True, True]


def test_whose_data_changed_is_told_to_those_who_may_ask(case: Case) -> None:
    """INVARIANT I17: harbor withdraws its policy; solstice still holds the answer, and learns no more than that."""
    case.policy()
    case.push(sales(12, 0))
    case.run(_ASKED)
    withdrawn = case.client("harbor-steward").post("/v1/policies/harbor/sales/1/withdraw")
    assert withdrawn.status_code == 200, withdrawn.text
    case.push([sale(5000 + n) for n in range(12)])
    (view,) = case.client("solstice-analyst").get("/v1/releases").json()["items"]
    assert (view["rests_on_older_data"], view["older"]) == (True, [])
    about = case.client("solstice-analyst").get(f"/v1/releases/{view['release_id']}").json()["about"]
    assert about["older data"] == "there are newer data since"


def test_the_pages_say_it_beside_the_answer_and_in_the_list(case: Case) -> None:
    """Nothing while it is fresh; then dates in words."""
    case.policy()
    case.push(sales(12, 0))
    release = case.run(_ASKED)["release_id"]
    client = case.client("solstice-analyst")
    assert "older data" not in client.get(f"/reports/{release}").text
    case.push([sale(5000 + n, sale_date=date(2026, 3, 1)) for n in range(12)])
    page = client.get(f"/reports/{release}").text
    assert "This answer rests on older data." in page
    assert "Sales of harbor: read up to 2026-01-12, now up to 2026-03-01" in page
    assert "newer data since" in client.get("/reports").text
