"""Completion of verbs, options and choices in a shell: tyro's script, mended."""

from collections.abc import Callable, Sequence

from wordspot.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
FOUND = 'COMPREPLY=("${matches[@]}")'
"""Where tyro's script for bash takes what was found, which is one empty word where nothing was."""


def completion_script(asked: Sequence[str], printed_for: Callable[[Sequence[str]], str]) -> str:
    """Give the script that completes commands in a shell, from what tyro prints for arguments.

    Raises UsageError unless one of SHELLS is asked for.
    """
    if len(asked) != 1 or asked[0] not in SHELLS:
        raise UsageError(f"--completion: name the shell, one of {', '.join(SHELLS)}")
    lines = printed_for(["--tyro-print-completion", *asked]).splitlines()
    # A description of several lines would be taken for several words to choose from.
    whole = [line.replace("\\n", " ") if line.startswith("COMPLETION_SPEC") else line for line in lines]
    script = "\n".join(whole)
    if asked[0] != "bash":
        return script
    # Where nothing is found, as in place of a sound file, bash is to complete names of files.
    found_any = f"[[ -z $completions ]] && COMPREPLY=() || {FOUND}"
    return script.replace(FOUND, found_any).replace("complete -F", "complete -o default -F")
