"""What feedback answers about uploads and files; how they are kept is the chassis's."""
