"""Deep Linking: an instructor chooses content here, on a page inside the platform, which then places it in their
course.

The story: a launch of this type is validated as any other, then ``begin`` stores the request (``content_requests``) and
shows the first page. The page's forms and script come back through ``views`` (``launches.choosing`` has the doors)
until ``respond`` signs the answer and sends it to the platform.

    begin, content_requests, stored_message, accepted, roles    the request: who may ask, what the platform takes
    catalogue, gate_scope, search, filtering, showing, recent   what is offered: gate, outline, the site's own filter
    page, form, lines, fragments, words, entries                the page and its parts
    previews, excerpts                                          what a block looks like, in plain text
    items, respond                                              the answer

``links_page`` and ``block_addresses`` are for platforms without Deep Linking: a page with the address of each block.
"""
