"""The command line: arguments, exit codes and wiring; each verb reads a view or submits a command."""
