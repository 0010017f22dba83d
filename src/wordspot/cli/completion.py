"""Completion of verbs, options and choices in a shell: tyro's script, mended."""

from collections.abc import Callable, Sequence

from wordspot.errors import UsageError

MENDS = {
    # Where nothing is found, as in place of a sound file, names of files are to be completed.
    "bash": {
        'COMPREPLY=("${matches[@]}")': '[[ -z $completions ]] && COMPREPLY=() || COMPREPLY=("${matches[@]}")',
        "complete -F": "complete -o default -F",
    },
    # The script may be sourced, not only be a file `_wordspot` in the fpath.
    "zsh": {
        'if [[ "$completions" ==': 'if [[ -z "$completions" || "$completions" ==',
        '_tyro_wordspot "$@"': 'if [[ $funcstack[1] == _wordspot ]]; then _tyro_wordspot "$@"; '
        "else compdef _tyro_wordspot wordspot; fi",
    },
    # Its program is longer than Linux lets an argument be.
    "fish": {
        '($python_cmd -c "$pycode" $words': "(printf '%s' \"$pycode\" | $python_cmd - $words",
        'if test "$results" = __TYRO_COMPLETE_FILES__': 'if test "$results" = __TYRO_COMPLETE_FILES__; '
        "or not string match -qv -- '-*' $results; and not string match -q -- '-*' (commandline -ct)",
    },
}
"""What tyro's script for each shell has, and what it should have."""


def completion_script(asked: Sequence[str], printed_for: Callable[[Sequence[str]], str]) -> str:
    """Give the script that completes commands in a shell, from what tyro prints for arguments.

    Raises UsageError unless a shell of `MENDS` is asked for.
    """
    if len(asked) != 1 or asked[0] not in MENDS:
        raise UsageError(f"--completion: name the shell, one of {', '.join(MENDS)}")
    lines = printed_for(["--tyro-print-completion", *asked]).splitlines()
    # A description of several lines would be taken for several words to choose from.
    whole = [line.replace("\\n", " ") if line.startswith("COMPLETION_SPEC") else line for line in lines]
    script = "\n".join(whole)
    for found, mended in MENDS[asked[0]].items():
        assert found in script, f"tyro has another script for {asked[0]}"
        script = script.replace(found, mended)
    return script
