"""The manifests for Kubernetes: valid, hardened, and in agreement with settings and metrics."""

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from gatte.settings import Settings, secret_names

FOLDER = Path(__file__).parents[2] / "deployment" / "kubernetes"
OLDEST = "1.29"
PROCESSES = {"web", "worker", "scheduler"}
NOT_OF_SETTINGS = {"PROMETHEUS_MULTIPROC_DIR"}


def manifests() -> list[dict]:
    return [
        document
        for path in sorted(FOLDER.glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
    ]


def name_of(manifest: dict) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def of_kind(*kinds: str) -> list[dict]:
    return [one for one in manifests() if one["kind"] in kinds]


WORKLOADS = of_kind("Deployment", "Job")


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("manifest", manifests(), ids=name_of)
def test_every_manifest_is_valid(manifest, version):
    kubernetes_validate.validate(manifest, version, strict=True)


def test_a_wrong_manifest_would_be_found():
    wrong = {**WORKLOADS[0], "spec": {**WORKLOADS[0]["spec"], "replica": 2}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("manifest", WORKLOADS, ids=name_of)
def test_no_container_has_more_rights_than_it_needs(manifest):
    pod = manifest["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]


def secrets_of(manifest: dict) -> set[str]:
    volumes = manifest["spec"]["template"]["spec"]["volumes"]
    return {one["secret"]["secretName"] for one in volumes if "secret" in one}


def test_each_process_has_the_secrets_of_its_kind_alone():
    assert {name_of(one): secrets_of(one) for one in WORKLOADS} == {
        "Deployment/gatte-web": {"gatte-common", "gatte-web"},
        "Deployment/gatte-worker": {"gatte-common", "gatte-worker"},
        "Deployment/gatte-scheduler": {"gatte-common"},
        "Job/gatte-migrate": {"gatte-common", "gatte-migrate"},
    }


def test_every_variable_is_a_setting_or_the_file_of_a_secret():
    (configuration,) = of_kind("ConfigMap")
    containers = [one["spec"]["template"]["spec"]["containers"][0] for one in WORKLOADS]
    given = set(configuration["data"])
    given |= {one["name"] for container in containers for one in container.get("env", [])}
    known = {name.upper() for name in Settings.model_fields} | NOT_OF_SETTINGS
    known |= {f"{name.upper()}_FILE" for name in secret_names(Settings)}

    assert given - known == set()


def test_every_file_of_a_secret_lies_where_its_volume_is_mounted():
    (configuration,) = of_kind("ConfigMap")
    for manifest in WORKLOADS:
        (container,) = manifest["spec"]["template"]["spec"]["containers"]
        own = {one["name"]: one["value"] for one in container.get("env", [])}
        mounted = {one["mountPath"] for one in container["volumeMounts"]}
        for name, value in {**configuration["data"], **own}.items():
            if name.endswith("_FILE"):
                assert str(Path(value).parent) in mounted, (name_of(manifest), name)


def test_every_process_may_lose_a_host():
    budgets = of_kind("PodDisruptionBudget")

    assert {one["metadata"]["name"] for one in budgets} == {f"gatte-{name}" for name in PROCESSES}
    assert {one["metadata"]["name"] for one in of_kind("Deployment")} == {
        f"gatte-{name}" for name in PROCESSES
    }
    for budget in budgets:
        (deployment,) = [
            one
            for one in of_kind("Deployment")
            if one["metadata"]["name"] == budget["metadata"]["name"]
        ]
        assert budget["spec"]["selector"] == deployment["spec"]["selector"]


def test_nothing_is_reached_or_called_that_no_policy_allows():
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy")}
    out = {
        name
        for name, spec in policies.items()
        for rule in spec.get("egress", [])
        for place in rule["to"]
        if place.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
    }

    assert policies["deny-all"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert out == {"worker", "media-bucket"}  # the second only where files lie in a bucket
    readme = (FOLDER / "README.md").read_text()
    assert "kubectl apply -f deployment/kubernetes/media-bucket.yaml" in readme


def test_workers_are_scaled_by_a_figure_that_there_is():
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    (metric,) = scaler["spec"]["metrics"]
    series = (Path(__file__).parents[2] / "gatte" / "web" / "metric_series.py").read_text()
    series += (Path(__file__).parents[2] / "gatte" / "observability" / "metrics.py").read_text()

    assert metric["external"]["metric"]["name"] in series


def test_metrics_cannot_be_reached_from_outside():
    (ingress,) = of_kind("Ingress")
    paths = ingress["spec"]["rules"][0]["http"]["paths"]

    assert ("/", "Prefix") not in {(one["path"], one["pathType"]) for one in paths}
    assert "/metrics" not in {one["path"] for one in paths}
