"""Statistics of search: exact effects, lotteries over hyperparameters, comparisons with intervals."""
