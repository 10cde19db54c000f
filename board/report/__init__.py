"""The consolidated report to the Department of Health: figures, written parts, paper and annex."""
