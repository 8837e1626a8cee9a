"""Makes the users of a measurement inside a peer's own Django and prints a token of each: the administrator's first.

make_users.py label_studio|doccano COUNT, in the folder and with the environment that the peer's server has. Passwords are hashed once for each of
them and never used: signing in is not measured.
"""

import os
import sys

import django

sys.path.insert(0, os.getcwd())
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

PASSWORD = "a long password of a benchmark"
User = get_user_model()


def label_studio(name):
    from organizations.models import Organization

    user = User.objects.create_user(email=f"{name}@example.com", password=PASSWORD)
    first = Organization.objects.first()
    if first is None:
        first = Organization.create_organization(created_by=user, title="Bench", legacy_api_tokens_enabled=True)
    else:
        first.add_user(user)
    user.active_organization = first
    user.save(update_fields=["active_organization"])
    return user


def doccano(name):
    make = User.objects.create_superuser if name == "admin" else User.objects.create_user
    return make(username=name, email=f"{name}@example.com", password=PASSWORD)


peer, count = {"label_studio": label_studio, "doccano": doccano}[sys.argv[1]], int(sys.argv[2])
for name in ["admin", *(f"worker{n}" for n in range(count))]:
    print(Token.objects.get_or_create(user=peer(name))[0].key)
