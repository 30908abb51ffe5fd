"""The routes of the open inference protocol, version 2, over the version in production."""

from importlib.metadata import version

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from application.api.body_limit import HTTP, BodyLimit
from application.api.online import OnlineScores
from application.inference.tensors import ANSWER, InferRequest, InferResponse, answered
from application.scoring.production import Production
from wafer.errors import NoProductionModel, RegistryUnavailable, WaferError

NOT_READY = {NoProductionModel.code, RegistryUnavailable.code}
LARGEST = 64 << 20  # bytes of a request: a thousand wafers of 590 sensors are 16 MB


def serve_one(host: str, port: int, production: Production, online: OnlineScores, model: str) -> None:
    """Serve one model until SIGINT or SIGTERM."""
    app = create_app(production, online, model)
    uvicorn.run(app, host=host, port=port, http=HTTP, log_config=None, access_log=False, server_header=False)


def create_app(production: Production, online: OnlineScores, model: str) -> FastAPI:
    """The server of one model, which answers as soon as a version of it is in production."""
    app = FastAPI(title="wafer-fault predictor", docs_url=None, redoc_url=None)
    app.add_middleware(BodyLimit, limit=LARGEST, upload_limit=LARGEST)
    app.add_exception_handler(WaferError, _told)

    def require(name: str) -> None:
        if name != model:
            raise HTTPException(404, f"There is no model {name!r} here; it is {model!r}.")

    @app.get("/v2")
    def server() -> dict[str, object]:
        return {"name": "wafer-fault", "version": version("wafer-fault-prediction"), "extensions": []}

    @app.get("/v2/health/live")
    def live() -> dict[str, bool]:
        return {"live": True}

    @app.get("/v2/health/ready")
    def ready() -> dict[str, bool]:
        production.model()
        return {"ready": True}

    @app.get("/v2/models/{name}")
    def metadata(name: str) -> dict[str, object]:
        require(name)
        found = production.model()
        sensors = found.bundle.preprocessor.contract
        inputs = [("Wafer", "BYTES"), *((sensor, "FP64") for sensor in sensors)]
        return {
            "name": name,
            "versions": [str(found.version)],
            "platform": "wafer-fault",
            "inputs": [{"name": column, "datatype": kind, "shape": [-1]} for column, kind in inputs],
            "outputs": [{"name": column, "datatype": kind, "shape": [-1]} for column, kind in ANSWER.items()],
        }

    @app.get("/v2/models/{name}/ready")
    def model_ready(name: str) -> dict[str, object]:
        require(name)
        production.model()
        return {"name": name, "ready": True}

    @app.post("/v2/models/{name}/infer")
    def infer(name: str, request: InferRequest) -> InferResponse:
        require(name)
        return answered(online.answer(request.to_scores()), model, request)

    return app


def _told(_: Request, error: Exception) -> JSONResponse:
    """An error in the protocol's form; without a version in production the server is not ready."""
    assert isinstance(error, WaferError)  # noqa: S101 - what it is registered for
    status = 503 if error.code in NOT_READY else error.http_status
    return JSONResponse({"error": error.message}, status)
