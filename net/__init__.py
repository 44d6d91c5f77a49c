"""Moving bytes between peers; knows no councils and no documents."""
