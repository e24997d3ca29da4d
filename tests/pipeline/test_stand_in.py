from pathlib import Path

from pipeline.stand_in import StandIn


def test_shipped_world_is_simulated_and_has_cold_items():
    stand_in = StandIn()
    environment = stand_in.environment("http://127.0.0.1:8900")
    assert environment == {
        "LIKEWISE_SKETCHFAB_URL": "http://127.0.0.1:8900",
        "LIKEWISE_SKETCHFAB_NOTICE": "These likes are simulated.",
        "LIKEWISE_SKETCHFAB_LIKE_FLOOR": "0",
        "LIKEWISE_PROFILE": "fast",
    }


def test_another_world_is_named_and_starts_at_one_like():
    stand_in = StandIn(Path("/worlds/anime"))
    assert "'anime'" in stand_in.notice
    assert "simulated" not in stand_in.notice
    assert stand_in.floor == 1
    assert StandIn(Path("/worlds/anime"), like_floor=3).floor == 3
