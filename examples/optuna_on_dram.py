"""An Optuna study on a scenario: keep the optimiser you like."""

import sys

import optuna

from archgym import load_scenario
from archgym.search.adapters import optuna_objective


def main(trials=60, workload="sqlite@5000"):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    scenario = load_scenario("dram/sqlite-low-latency", workload)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(optuna_objective(scenario), n_trials=trials)
    print(f"cost {study.best_value:.3f} with {study.best_params}")
    return study.best_value


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
