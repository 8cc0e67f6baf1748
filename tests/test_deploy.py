"""What lies in deploy/: that it names what calbot needs, and keeps to what the handbook promises of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
# What maubot brings along, in the version that it needs itself.
_WITH_MAUBOT = {"aiosqlite", "maubot", "mautrix", "multidict", "typing-extensions", "yarl"}


def load(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def unit(name: str) -> dict[str, list[str]]:
    """Keys of a systemd unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", requirement)[0] for requirement in requirements}


def test_the_dependencies_are_those_of_the_plugin() -> None:
    lines = (DEPLOY / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted == yaml.safe_load((ROOT / "maubot.yaml").read_text())["dependencies"]
    project = re.search(
        r"^dependencies = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE
    )
    assert project is not None
    declared = re.findall(r'"([^"]+)"', project[1])
    assert set(wanted) <= set(declared)
    assert names(declared) - names(wanted) == _WITH_MAUBOT


def test_services_of_compose_are_confined() -> None:
    compose = load("container/compose.yaml")
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not str(service["user"]).startswith("0"), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        for secret in service["secrets"]:
            assert secret["source"] in compose["secrets"], name
    assert compose["networks"]["inside"]["internal"] is True
    assert compose["services"]["database"]["networks"] == ["inside"]
    assert compose["services"]["maubot"]["depends_on"]["database"] == {"condition": "service_healthy"}


def test_there_is_one_pod_at_most() -> None:
    documents = list(yaml.safe_load_all((DEPLOY / "container/kubernetes.yaml").read_text()))
    (claim,) = [one for one in documents if one["kind"] == "PersistentVolumeClaim"]
    (deployment,) = [one["spec"] for one in documents if one["kind"] == "Deployment"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    pod = deployment["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_the_container_is_made_of_what_there_is() -> None:
    text = (DEPLOY / "container/Containerfile").read_text()
    copied = [word for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE) for word in line.split()[:-1]]
    sources = [word for word in copied if word.startswith("deploy/")]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert re.search(r"^FROM \S+/maubot:v[\d.]+$", text, re.MULTILINE)
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["1337:1337"]


@pytest.mark.parametrize("name", ["systemd/config.yaml", "container/config.yaml"])
def test_secrets_of_maubot_are_filled_in_by_whoever_installs_it(name: str) -> None:
    config = load(name)
    assert config["crypto_db_pickle_key"] == "@PICKLE_KEY@"
    assert config["server"]["unshared_secret"] == "@SHARED_SECRET@"
    assert config["admins"] == {"root": "", "admin": "@ADMIN_PASSWORD@"}
    assert "DEBUG" not in (DEPLOY / name).read_text()


def test_on_a_server_only_the_machine_itself_is_listened_to() -> None:
    assert load("systemd/config.yaml")["server"]["hostname"] == "127.0.0.1"


def test_the_service_is_confined() -> None:
    service = unit("maubot.service")
    for key in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "MemoryDenyWriteExecute"):
        assert service[key] == ["yes"], key
    assert service["ProtectSystem"] == ["strict"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["User"] == ["maubot"]
    assert service["Restart"] == ["always"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs the Debian package systemd")
def test_units_are_understood_by_systemd(tmp_path: Path) -> None:
    for file in (DEPLOY / "systemd").glob("*.*"):
        if file.suffix in {".service", ".timer"}:
            # The programs lie elsewhere on this machine.
            text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", file.read_text(), flags=re.MULTILINE)
            (tmp_path / file.name).write_text(text)
    units = [str(file) for file in sorted(tmp_path.iterdir())]
    said = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False).stderr
    assert [line for line in said.splitlines() if str(tmp_path) in line] == []


@pytest.mark.parametrize("name", ["calbot", "calbot-backup"])
def test_scripts_are_ones_for_sh(name: str) -> None:
    subprocess.run(["sh", "-n", str(DEPLOY / "systemd" / name)], check=True)


def test_alerts_ask_for_metrics_that_there_are() -> None:
    documented = set(re.findall(r"^\| `(calbot_\w+)`", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE))
    (group,) = load("prometheus/alerts.yaml")["groups"]
    asked = {name for rule in group["rules"] for name in re.findall(r"calbot_\w+", rule["expr"])}
    histograms = {f"{name}{suffix}" for name in documented for suffix in ("_bucket", "_count")}
    assert asked
    assert asked <= documented | histograms
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]
        assert (
            re.search(r"[Ss]ection \d+", rule["annotations"]["description"])
            or "docs/" in rule["annotations"]["description"]
        )


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs the Debian package prometheus")
def test_alerts_are_understood_by_prometheus() -> None:
    subprocess.run(["promtool", "check", "rules", str(DEPLOY / "prometheus/alerts.yaml")], check=True)


def test_feeds_are_masked_in_the_proxys_log() -> None:
    text = (DEPLOY / "nginx/calbot.conf").read_text()
    formats = re.findall(r"^log_format \w+ (.+);$", text, re.MULTILINE)
    assert len(formats) == 1
    assert "$calbot_logged_path" in formats[0]
    assert not re.search(r"\$(request|request_uri|uri|http_referer)\b", formats[0])
    assert re.findall(r"access_log (.+);", text) == ["/var/log/nginx/calbot.log calbot"]
