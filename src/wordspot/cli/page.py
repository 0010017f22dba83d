"""wordspot page."""

from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, arg

from wordspot.cli.options import Listener, command


def page(
    run: Listener,
    out: Annotated[Path, arg(metavar="DIR", help="Folder to write; a page that is there is replaced.")],
    serve: Annotated[FlagCreatePairsOff[bool], arg(help="Serve the page on 127.0.0.1 until Ctrl-C.")] = False,
    open: Annotated[
        FlagCreatePairsOff[bool], arg(help="Serve the page and open it in the web browser.")
    ] = False,
    port: Annotated[int, arg(help="Port to serve it on; 0 takes a free one.")] = 8000,
) -> None:
    """Write a web page in which a browser runs the recogniser (needs npm)."""
    import webbrowser
    from contextlib import suppress

    from wordspot.deploy.page import write_page
    from wordspot.deploy.server import HOST, open_server

    folder = write_page(run, out)
    print(f"page: {folder}")
    if not (serve or open):
        print(f"next: {command('page', run, '--out', folder, '--open')}")
        return
    with open_server(folder, port) as server, suppress(KeyboardInterrupt):
        address = f"http://{HOST}:{server.server_port}/"
        print(f"served at {address} (Ctrl-C ends)", flush=True)
        if open:
            webbrowser.open(address)
        server.serve_forever()
