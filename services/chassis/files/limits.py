"""How large a file may be, and of what kinds; the contracts of those who take files say the same."""

from __future__ import annotations

MOST_UPLOAD_BYTES = 20 * 1024 * 1024
MOST_PART_BYTES = 512 * 1024
# Of each kind, how its name ends. An archive is none of them: nobody sees what is inside.
EXTENSIONS = (".pdf", ".jpg", ".jpeg", ".png", ".webp", ".docx", ".xlsx", ".pptx", ".txt", ".csv")
