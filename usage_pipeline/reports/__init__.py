"""RENDER: costs and budget status in, statements out."""
