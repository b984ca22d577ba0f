"""`python -m usage_pipeline`: the command line, where the installed command is not on the path."""

from usage_pipeline.cli import main

if __name__ == "__main__":
    main(prog_name="usage-pipeline")
