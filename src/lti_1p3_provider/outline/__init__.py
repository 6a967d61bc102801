"""The outline: our own table of what each course has published, so that no request reads a whole course.

``find`` looks up a block and what is above it, ``tree`` all blocks of a course, ``search`` blocks by their titles.
``access`` decides who may see a block. ``rebuild`` brings the table in step with what the LMS has published; ``wake``
asks a worker to do so.
"""
