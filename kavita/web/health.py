"""`/health`: whether this process can serve a call."""

from fastapi import APIRouter, Response

from kavita.store.database import Database, StoreUnavailable


def health_routes(database: Database) -> APIRouter:
    """`GET /health` answers 200, or 503 when the book cannot be reached."""
    router = APIRouter()

    @router.get("/health")
    def health(response: Response) -> dict[str, str]:
        try:
            database.check()
        except StoreUnavailable:
            response.status_code = 503
            return {"status": "book unavailable"}
        return {"status": "ok"}

    return router
