"""The risk screen: every rule is read, one answer comes out: approve, refer or decline."""
