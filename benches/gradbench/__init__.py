"""A tool for GradBench, https://gradben.ch: the protocol, and a module for each eval."""
