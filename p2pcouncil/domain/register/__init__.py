"""The register: pages that a committee certifies, and votes that close on them. Rules only; nothing here acts."""
