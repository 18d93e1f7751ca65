"""Programs of others: started in a stated environment, ended with all their children."""
