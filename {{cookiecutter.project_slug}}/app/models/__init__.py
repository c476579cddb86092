"""Tables and the rules that the database itself keeps."""
