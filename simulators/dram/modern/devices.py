"""The devices; adding a speed bin is adding a table here."""

from __future__ import annotations

from .standards import DDR4, DDR5, GDDR6, HBM2, LPDDR4, LPDDR5, ModernDevice

DDR4_2400 = ModernDevice(
    "DDR4-2400", DDR4, 833, 4, 64, 8, 16, 4, 15, 7,
    {
        "AL": 0, "CCD_S": 4, "CCD_L": 6, "CKE": 6, "CKESR": 7, "RL": 16, "WL": 16, "RCD": 16,
        "RP": 16, "RAS": 39, "RC": 55, "FAW": 26, "RRD_S": 4, "RRD_L": 6, "RTP": 12, "WR": 18,
        "WTR_S": 3, "WTR_L": 9, "REFI": 9360, "RFC": 312, "RFC2": 192, "RFC4": 132, "RPRE": 1,
        "WPRE": 1, "XP": 8, "XS": 324, "XSDLL": 512, "ACTPDEN": 2, "PRPDEN": 2, "REFPDEN": 2,
        "RTRS": 1,
    },
    volts={"vdd": 1.2, "vpp": 2.5},
    amperes={
        "vdd": {
            "0": 0.06075, "2N": 0.03825, "3N": 0.044, "4R": 0.1845, "4W": 0.16875, "5B": 0.118,
            "5F": 0.118, "6N": 0.02025, "2P": 0.017, "3P": 0.0225, "beta": 0.06075,
        },
        "vpp": {
            "0": 0.00405, "2N": 0.0, "3N": 0.0, "4R": 0.0, "4W": 0.0, "5B": 0.0, "5F": 0.0,
            "6N": 0.0026, "2P": 0.017, "3P": 0.0225, "beta": 0.00405,
        },
    },
)  # fmt: skip

DDR5_CURRENTS = {
    "vdd": {
        "0": 0.103, "2N": 0.092, "3N": 0.142, "4R": 0.353, "4W": 0.331, "5B": 0.277, "5C": 0.143,
        "5F": 0.241, "6N": 0.052, "2P": 0.044, "3P": 0.09, "beta": 0.103,
    },
    "vpp": {
        "0": 0.0075, "2N": 0.003, "3N": 0.004, "4R": 0.004, "4W": 0.004, "5B": 0.028,
        "5C": 0.0085, "5F": 0.021, "6N": 0.0035, "2P": 0.002, "3P": 0.003, "beta": 0.0075,
    },
}  # fmt: skip

DDR5_4800 = ModernDevice(
    "DDR5-4800", DDR5, 416, 8, 64, 4, 32, 8, 16, 6,
    {
        "RAS": 77, "RCD": 36, "RTP": 18, "WL": 34, "WR": 72, "RP": 36, "PPD": 2, "RL": 36,
        "WPRE": 2, "CCD_L": 12, "CCD_L_WR": 48, "CCD_S": 8, "CCD_S_WR": 8, "RRD_L": 12,
        "RRD_S": 8, "FAW": 32, "WTR_L": 24, "WTR_S": 6, "RFC": 710, "RFC1": 710, "RFC2": 385,
        "RFCsb": 313, "REFI": 9375, "REFI2": 4687, "REFISB": 2343, "REFSBRD": 73, "RTRS": 2,
        "CPDED": 8, "PD": 18, "XP": 18, "ACTPDEN": 2, "PRPDEN": 2, "REFPDEN": 2,
    },
    volts={"vdd": 1.1, "vpp": 1.8}, amperes=DDR5_CURRENTS, rho=0.6, management=(32, 96, 16),
)  # fmt: skip

DDR5_6400 = ModernDevice(
    "DDR5-6400", DDR5, 312, 8, 64, 4, 32, 8, 16, 6,
    {
        "RAS": 103, "RCD": 46, "RTP": 24, "WL": 44, "WR": 96, "RP": 46, "PPD": 2, "RL": 46,
        "WPRE": 2, "CCD_L": 16, "CCD_L_WR": 64, "CCD_S": 8, "CCD_S_WR": 8, "RRD_L": 16,
        "RRD_S": 8, "FAW": 32, "WTR_L": 32, "WTR_S": 8, "RFC": 946, "RFC1": 946, "RFC2": 513,
        "RFCsb": 417, "REFI": 12500, "REFI2": 6250, "REFISB": 3125, "REFSBRD": 97, "RTRS": 2,
        "CPDED": 8, "PD": 24, "XP": 24, "ACTPDEN": 2, "PRPDEN": 2, "REFPDEN": 2,
    },
    volts={"vdd": 1.1, "vpp": 1.8}, amperes=DDR5_CURRENTS, rho=0.6, management=(32, 96, 16),
)  # fmt: skip

LPDDR5_6400 = ModernDevice(
    "LPDDR5-6400", LPDDR5, 1250, 2, 32, 1, 16, 4, 16, 6,
    {
        "REFI": 3125, "REFIpb": 390, "RFCab": 224, "RFCpb": 112, "RAS": 34, "RPab": 17,
        "RPpb": 15, "RCpb": 49, "PPD": 2, "RCD": 15, "FAW": 16, "RRD": 4, "RL": 17, "RBTP": 4,
        "WL": 9, "WR": 28, "RTRS": 2, "X": 4, "BL_L": 4, "BL_S": 2, "WTR_L": 10, "WTR_S": 5,
        "RTW_L": 14, "RTW_S": 12, "WCK2DQO": 1, "pbR2act": 6, "pbR2pbR": 72, "WCK2CK": 4,
    },
    volts={"vdd1": 1.8, "vdd2h": 1.05, "vdd2l": 0.9},
    amperes={
        "vdd1": {
            "0": 0.0045, "2N": 0.0016, "3N": 0.0022, "4R": 0.0045, "4W": 0.0045, "5": 0.025,
            "5PB": 0.004, "6": 0.0006, "2P": 0.0009, "3P": 0.0012, "beta": 0.0045,
        },
        "vdd2h": {
            "0": 0.041, "2N": 0.022, "3N": 0.028, "4R": 0.24, "4W": 0.21, "5": 0.11,
            "5PB": 0.034, "6": 0.0035, "2P": 0.0032, "3P": 0.009, "beta": 0.041,
        },
        "vdd2l": {
            "0": 0.0006, "2N": 0.0004, "3N": 0.0005, "4R": 0.001, "4W": 0.001, "5": 0.0006,
            "5PB": 0.0005, "6": 0.0002, "2P": 0.0002, "3P": 0.0003, "beta": 0.0006,
        },
    },
    rho=0.5,
)  # fmt: skip

LPDDR4_3200 = ModernDevice(
    "LPDDR4-3200", LPDDR4, 625, 8, 32, 1, 8, 1, 16, 6,
    {
        "CKE": 12, "CMDCKE": 3, "DQS2DQ": 2, "DQSCK": 6, "DQSS": 1, "FAW": 64, "PPD": 4,
        "RCD": 29, "REFI": 6246, "REFIpb": 780, "RFCab": 448, "RFCpb": 224, "RL": 28, "RAS": 68,
        "RPab": 34, "RPpb": 29, "RCpb": 97, "RPST": 0, "RRD": 16, "RTP": 12, "SR": 24, "WL": 14,
        "WPRE": 2, "WR": 29, "WTR": 16, "XP": 12, "XSR": 460, "RTRS": 1,
    },
    volts={"vdd1": 1.8, "vdd2": 1.1},
    amperes={
        "vdd1": {
            "0": 0.0035, "2N": 0.002, "3N": 0.00225, "4R": 0.00225, "4W": 0.00225, "5": 0.01,
            "5PB": 0.0025, "6": 0.0003, "2P": 0.0012, "3P": 0.0012, "beta": 0.0035,
        },
        "vdd2": {
            "0": 0.045, "2N": 0.027, "3N": 0.03, "4R": 0.275, "4W": 0.21, "5": 0.09,
            "5PB": 0.03, "6": 0.0005, "2P": 0.003, "3P": 0.009, "beta": 0.045,
        },
    },
)  # fmt: skip

HBM2_2000 = ModernDevice(
    "HBM2", HBM2, 1000, 2, 32, 1, 32, 8, 15, 5,
    {
        "CCDL": 3, "CCDS": 2, "CCDR": 2, "CKE": 8, "DQSCK": 1, "FAW": 16, "PL": 0, "RAS": 28,
        "RC": 42, "RCDRD": 12, "RCDWR": 6, "REFI": 3900, "REFISB": 244, "RFC": 220, "RFCSB": 96,
        "RL": 17, "RP": 14, "RRDL": 6, "RRDS": 4, "RREFD": 8, "RTP": 5, "RTW": 18, "WL": 7,
        "WR": 14, "WTRL": 9, "WTRS": 4, "XP": 8, "XS": 216,
    },
    stacks=2,
)  # fmt: skip

HBM3_6400 = ModernDevice(
    "HBM3-6400", HBM2, 625, 2, 32, 1, 32, 8, 14, 5,
    {
        "CCDL": 4, "CCDS": 2, "CCDR": 3, "CKE": 12, "DQSCK": 1, "FAW": 24, "PL": 0, "RAS": 45,
        "RC": 72, "RCDRD": 31, "RCDWR": 15, "REFI": 6240, "REFISB": 195, "RFC": 560,
        "RFCSB": 320, "RL": 20, "RP": 26, "RRDL": 5, "RRDS": 4, "RREFD": 8, "RTP": 9, "RTW": 20,
        "WL": 10, "WR": 33, "WTRL": 10, "WTRS": 7, "XP": 12, "XS": 576,
    },
    stacks=2,
)  # fmt: skip

GDDR6_14000 = ModernDevice(
    "GDDR6-14000", GDDR6, 570, 2, 32, 1, 16, 4, 14, 6,
    {
        "RP": 27, "RAS": 53, "RC": 79, "RCDRD": 27, "RCDWR": 16, "RTP": 4, "RRDS": 8, "RRDL": 8,
        "CCDS": 2, "CCDL": 4, "RL": 24, "WCK2CKPIN": 0, "WCK2CK": 0, "WCK2DQO": 1, "RTW": 22,
        "WL": 6, "WCK2DQI": 0, "WR": 27, "WTRS": 9, "WTRL": 11, "PD": 14, "CKESR": 14, "XP": 14,
        "REFI": 3333, "REFIpb": 208, "RFCab": 211, "RFCpb": 106, "RREFD": 15, "XS": 225,
        "FAW": 29, "PPD": 1, "LK": 1000, "ACTPDE": 1, "PREPDE": 1, "REFPDE": 1, "RTRS": 2,
    },
)  # fmt: skip

MODERN_DEVICES = {
    d.name: d
    for d in (
        DDR4_2400, DDR5_4800, DDR5_6400, LPDDR5_6400, LPDDR4_3200, HBM2_2000, HBM3_6400, GDDR6_14000,
    )
}  # fmt: skip
