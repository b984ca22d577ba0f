"""What each command does and prints. The parsing of its options is in cli.py."""
