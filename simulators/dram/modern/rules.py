"""The distances between commands, a table a standard: scope, preceding, following, formula.

Formulas add, subtract and take the larger of named timings (cycles, without the leading ``t``) and
whole numbers.  READS stands for RD RDA, WRITES for WR WRA, CAS for all four, PRES for every precharge.
Scopes: Bank, BankGroup, Rank (the same one), OtherRank (another of the channel), OtherStack, and Round
and NotRound: in the rank, after a REFPB that completes a round over its banks, or does not.
"""

from __future__ import annotations

CLASSES = {
    "READS": "RD RDA",
    "WRITES": "WR WRA",
    "CAS": "RD RDA WR WRA",
    "PRES": "PREPB PRESB PREAB",
}

DDR4 = """
Bank       ACT           CAS                       RCD - AL
Bank       ACT           ACT                       RCD
Bank       ACT           PREPB                     RAS
Bank       RD            PREPB                     AL + RTP
Bank       WR            PREPB                     WL + B + WR
Bank       RD            READS                     CCD_L
Bank       RD            WRITES                    RL + B + RPRE - WL + WPRE
Bank       WR            WRITES                    CCD_L
Bank       WR            READS                     WL + B + WTR_L
Bank       WR            RDA                       max(WL + B + WTR_L, WL + B + WR - RTP - AL)
Bank       RDA           ACT                       AL + RTP + RP
Bank       WRA           ACT                       WL + B + WR + RP
Bank       PREPB         ACT                       RP
BankGroup  ACT           ACT                       RRD_L
BankGroup  READS         READS                     CCD_L
BankGroup  READS         WRITES                    RL + B + RPRE - WL + WPRE
BankGroup  WRITES        WRITES                    CCD_L
BankGroup  WRITES        READS                     WL + B + WTR_L
Rank       ACT           ACT                       RRD_S
Rank       READS         READS                     CCD_S
Rank       READS         WRITES                    RL + B + RPRE - WL + WPRE
Rank       WRITES        WRITES                    CCD_S
Rank       WRITES        READS                     WL + B + WTR_S
OtherRank  READS         READS                     B + RTRS
OtherRank  WRITES        WRITES                    B + RTRS
OtherRank  READS         WRITES                    RL + B + RTRS - WL + WPRE
OtherRank  WRITES        READS                     WL + B + RTRS - RL + RPRE
Rank       ACT           PREAB                     RAS
Rank       READS         PREAB                     AL + RTP
Rank       WRITES        PREAB                     WL + B + WR
Rank       ACT           REFAB SREFEN              RC
Rank       RDA           REFAB                     AL + RTP + RP
Rank       RDA           SREFEN                    max(RL + B + 1, AL + RTP + RP)
Rank       WRA           REFAB                     WL + B + WR + RP
Rank       WRA           SREFEN                    max(WL + B + WR + 1, WL + B + WR + RP)
Rank       PREPB         REFAB SREFEN              RP
Rank       PREAB         ACT REFAB SREFEN          RP
Rank       REFAB         ACT REFAB SREFEN          RFC
Rank       READS         PDEA PDEP                 RL + B + 1
Rank       WR            PDEA                      WL + B + WR
Rank       WRA           PDEA PDEP                 WL + B + WR + 1
Rank       ACT           PDEA                      ACTPDEN
Rank       PREPB         PDEA PDEP                 PRPDEN
Rank       PREAB         PDEP                      PRPDEN
Rank       REFAB         PDEP                      REFPDEN
Rank       PDEA          PDXA                      CKE
Rank       PDEP          PDXP                      CKE
Rank       PDXA          PDEA                      CKE
Rank       PDXP          PDEP                      CKE
Rank       PDXA          ACT PREPB PREAB CAS       XP
Rank       PDXP          ACT REFAB SREFEN          XP
Rank       SREFEX        ACT REFAB PDEP SREFEN     XS
Rank       SREFEX        CAS                       XSDLL
Rank       SREFEX        SREFEX                    CKESR
"""

DDR5 = """
Bank       ACT           CAS                       RCD
Bank       ACT           PREPB PRESB               RAS + 1
Bank       ACT           ACT                       RAS + RP
Bank       ACT           REFSB RFMSB               RAS + RP + 1
Bank       RD            PREPB PRESB               RTP + 1
Bank       WR            PREPB PRESB               WL + B + WR + 1
Bank       RDA           ACT                       RTP + RP
Bank       RDA           REFSB RFMSB               RTP + RP + 1
Bank       WRA           ACT                       WL + B + WR + RP
Bank       WRA           REFSB RFMSB               WL + B + WR + RP + 1
Bank       WR            RDA                       max(WL + B + WTR_L, WL + B + WR - RTP)
Bank       PREPB PRESB   ACT                       RP - 1
Bank       PREPB PRESB   REFSB RFMSB               RP
Bank       REFSB RFMSB   ACT                       RFCsb - 1
BankGroup  ACT           ACT                       RRD_L
BankGroup  READS         READS                     CCD_L
BankGroup  WRITES        WRITES                    CCD_L_WR
BankGroup  WRITES        READS                     WL + B + WTR_L
Rank       ACT           ACT                       RRD_S
Rank       READS         READS                     CCD_S
Rank       WRITES        WRITES                    CCD_S_WR
Rank       READS         WRITES                    RL - WL + B + 2 + WPRE
Rank       WRITES        READS                     WL + B + WTR_S
OtherRank  READS         READS                     B + RTRS
OtherRank  WRITES        WRITES                    B + RTRS
OtherRank  READS         WRITES                    RL - WL + B + RTRS
OtherRank  WRITES        READS                     WL - RL + B + RTRS
Rank       ACT           PREAB                     RAS + 1
Rank       READS         PREAB                     RTP + 1
Rank       WRITES        PREAB                     WL + B + WR + 1
Rank       ACT           REFSB RFMSB               RRD_L + 1
Rank       ACT           REFAB SREFEN RFMAB        RAS + RP + 1
Rank       RDA           REFAB SREFEN RFMAB        RTP + RP + 1
Rank       WRA           REFAB SREFEN RFMAB        WL + B + WR + RP + 1
Rank       PREAB         ACT                       RP - 1
Rank       PREAB         REFSB RFMSB               RP
Rank       PRES          REFAB SREFEN RFMAB        RP
Rank       PRES          PRES                      PPD
Rank       REFAB RFMAB   ACT                       RFC - 1
Rank       REFAB RFMAB   REFAB REFSB SREFEN RFMAB RFMSB PRES  RFC
Rank       REFSB RFMSB   ACT                       REFSBRD - 1
Rank       REFSB RFMSB   REFSB REFAB SREFEN RFMSB RFMAB  RFCsb
Rank       ACT           PDEA                      ACTPDEN + 1
Rank       PRES          PDEA PDEP                 PRPDEN
Rank       REFAB REFSB RFMAB RFMSB  PDEA PDEP      REFPDEN
Rank       READS         PDEA PDEP                 RL + B + 1 + 1
Rank       WRITES        PDEA PDEP                 WL + B + WR + 1 + 1
Rank       PDEA          PDXA                      PD
Rank       PDEP          PDXP                      PD
Rank       PDXA PDXP     PDEA PDEP                 PD
Rank       PDXA PDXP     ACT CAS                   XP - 1
Rank       PDXA PDXP     PRES REFAB REFSB SREFEN RFMAB RFMSB  XP
Rank       SREFEN        SREFEX                    PD
Rank       SREFEX        ACT                       RFC1 + CPDED - 1
Rank       SREFEX        REFAB REFSB PDEA PDEP SREFEN RFMAB RFMSB  RFC1 + CPDED
"""

LPDDR5 = """
Bank       ACT           CAS                       RCD
Bank       ACT           PREPB                     RAS
Bank       ACT           ACT REFPB REFP2B          RCpb
Bank       RD            PREPB                     B + RBTP
Bank       WR            PREPB                     WL + B + 1 + WR
Bank       WR            RDA                       max(WL + X + WTR_L, WL + B + 1 + WR - B - RBTP)
Bank       RDA           ACT REFPB REFP2B          B + RBTP + RPpb
Bank       WRA           ACT REFPB REFP2B          WL + B + 1 + WR + RPpb
Bank       PREPB         ACT REFPB REFP2B          RPpb
Bank       REFPB REFP2B  ACT REFPB REFP2B          RFCpb
BankGroup  READS         READS                     BL_L
BankGroup  WRITES        WRITES                    BL_L
BankGroup  READS         WRITES                    RTW_L
BankGroup  WRITES        READS                     WL + X + WTR_L
Rank       READS         READS                     BL_S
Rank       WRITES        WRITES                    BL_S
Rank       READS         WRITES                    RTW_S
Rank       WRITES        READS                     WL + B + WTR_S
OtherRank  READS         READS                     B + RTRS
OtherRank  WRITES        WRITES                    B + RTRS
OtherRank  READS         WRITES                    RL + B + RTRS - WL
OtherRank  WRITES        READS                     max(1, WL + B + RTRS - RL)
Rank       ACT           ACT REFPB REFP2B          RRD
Rank       ACT           PREAB                     RAS
Rank       ACT           REFAB                     RCpb
Rank       READS         PREAB                     B + RBTP
Rank       WRITES        PREAB                     WL + B + 1 + WR
Rank       RDA           REFAB                     B + RBTP + RPpb
Rank       WRA           REFAB                     WL + B + 1 + WR + RPpb
Rank       PREPB         REFAB                     RPpb
Rank       PREAB         ACT REFPB REFP2B REFAB    RPab
Rank       PREPB PREAB   PREPB PREAB               PPD
Rank       REFAB         ACT REFAB REFPB REFP2B PREPB PREAB  RFCab
Rank       REFPB REFP2B  ACT                       pbR2act
Rank       REFPB REFP2B  REFPB REFP2B              pbR2pbR
Rank       REFPB REFP2B  REFAB PREAB               RFCpb
"""

LPDDR4 = """
Bank       ACT           CAS                       RCD
Bank       ACT           PREPB                     RAS + 2
Bank       ACT           ACT                       RCpb
Bank       ACT           REFPB                     RCpb + 2
Bank       RD            PREPB                     RDPRE
Bank       WR            PREPB                     WL + 1 + B + WR + 2
Bank       WR            RDA                       WL + 1 + B + WR - (RTP - 8) - 8
Bank       RDA           ACT                       RTP + RPpb + B - 8
Bank       RDA           REFPB                     RTP + RPpb + B - 6
Bank       WRA           ACT                       WL + 1 + B + WR + RPpb
Bank       WRA           REFPB                     WL + 1 + B + WR + RPpb + 2
Bank       PREPB         ACT                       RPpb - 2
Bank       PREPB         REFPB                     RPpb
Bank       REFPB         ACT                       RFCpb - 2
Rank       READS         READS                     B
Rank       WRITES        WRITES                    B
Rank       READS         WRITES                    RL + DQSCK + B - WL + WPRE + RPST
Rank       WRITES        READS                     WL + 1 + B + WTR
OtherRank  READS         READS                     B + RTRS
OtherRank  WRITES        WRITES                    B + RTRS
OtherRank  READS         WRITES                    RL + B + RTRS - WL
Rank       ACT           ACT                       RRD
Rank       ACT           REFPB                     RRD + 2
Rank       ACT           PREAB                     RAS + 2
Rank       ACT           REFAB SREFEN              RCpb + 2
Rank       READS         PREAB                     RTP + B - 6
Rank       WRITES        PREAB                     WL + 1 + B + WR + 2
Rank       RDA           REFAB                     RTP + RPpb + B - 6
Rank       RDA           SREFEN                    max(RL + DQSCK + B + 3, RTP + RPpb + B - 6)
Rank       WRA           REFAB SREFEN              WL + 1 + B + WR + RPpb + 2
Rank       PREPB         PREPB PREAB               PPD
Rank       PREPB         REFAB SREFEN              RPpb
Rank       PREAB         ACT                       RPab - 2
Rank       PREAB         REFAB REFPB SREFEN        RPab
Rank       REFPB         ACT                       RRD - 2
Rank       REFPB         REFPB REFAB PREAB SREFEN  RFCpb
Rank       REFAB         ACT                       RFCab - 2
Rank       REFAB         REFAB REFPB SREFEN        RFCab
Rank       ACT           PDEA                      CMDCKE + 3
Rank       READS         PDEA PDEP                 RL + DQSCK + B + RPST + 3
Rank       WR            PDEA                      WL + 1 + B + WR + 5
Rank       WRA           PDEA PDEP                 WL + 1 + B + WR + 7
Rank       PREPB REFPB   PDEA PDEP                 CMDCKE + 1
Rank       PREAB REFAB   PDEP                      CMDCKE + 1
Rank       PDEA          PDXA                      CKE
Rank       PDEP          PDXP                      CKE
Rank       PDXA          PDEA                      CKE
Rank       PDXP          PDEP                      CKE
Rank       PDXA          ACT PREPB PREAB CAS REFPB  XP
Rank       PDXP          ACT REFAB REFPB SREFEN    XP
Rank       SREFEN        SREFEX                    SR
Rank       SREFEX        ACT                       XSR - 2
Rank       SREFEX        REFAB REFPB PDEP SREFEN   XSR
"""

HBM = """
Bank       ACT           READS                     RCDRD + 1
Bank       ACT           WRITES                    RCDWR + 1
Bank       ACT           PREPB                     RAS + 1
Bank       ACT           ACT                       RC
Bank       ACT           REFPB                     RC + 1
Bank       RD            PREPB                     RTP
Bank       WR            PREPB                     WL + B + WR
Bank       WR            RDA                       WL + B + WR - RTP
Bank       RDA           ACT                       RTP + RP - 1
Bank       RDA           REFPB                     RTP + RP
Bank       WRA           ACT                       WL + B + WR + RP - 1
Bank       WRA           REFPB                     WL + B + WR + RP
Bank       PREPB         ACT                       RP - 1
Bank       PREPB         REFPB                     RP
Bank       REFPB         ACT                       RFCSB - 1
Bank       REFPB         REFPB                     RFCSB
BankGroup  READS         READS                     CCDL
BankGroup  WRITES        WRITES                    CCDL
BankGroup  WRITES        READS                     WL + B + WTRL
BankGroup  ACT           ACT                       RRDL
BankGroup  ACT           REFPB                     RRDL + 1
BankGroup  REFPB         REFPB                     RREFD
BankGroup  REFPB         REFAB PREAB SREFEN        RFCSB
Rank       READS         READS                     CCDS
Rank       WRITES        WRITES                    CCDS
Rank       READS         WRITES                    RTW
Rank       WRITES        READS                     WL + B + WTRS
OtherStack READS         READS                     CCDR
Rank       ACT           ACT                       RRDS
Rank       ACT           REFPB                     RRDS + 1
Rank       ACT           REFAB SREFEN              RC + 1
Rank       ACT           PREAB                     RAS + 1
Rank       READS         PREAB                     RTP
Rank       WRITES        PREAB                     WL + B + WR
Rank       RDA           REFAB                     RTP + RP
Rank       RDA           SREFEN                    max(RL + PL + B + 1, RTP + RP)
Rank       WRA           REFAB                     WL + B + WR + RP
Rank       WRA           SREFEN                    max(WL + PL + B + 1 + WR, WL + B + WR + RP)
Rank       PREPB         REFAB SREFEN              RP
Rank       PREAB         ACT                       RP - 1
Rank       PREAB         REFAB REFPB SREFEN        RP
Rank       REFPB         ACT                       RREFD - 1
Round      REFPB         REFPB                     RFCSB
NotRound   REFPB         REFPB                     RREFD
Rank       REFAB         ACT                       RFC - 1
Rank       REFAB         REFAB REFPB SREFEN        RFC
Rank       READS         PDEA PDEP                 RL + PL + B + 1
Rank       WR            PDEA                      WL + PL + B + 1 + WR
Rank       WRA           PDEA PDEP                 WL + PL + B + 1 + WR
Rank       PDEA          PDXA                      CKE
Rank       PDEP          PDXP                      CKE
Rank       PDXA          PDEA                      CKE
Rank       PDXP          PDEP                      CKE
Rank       PDXA PDXP     ACT                       XP - 1
Rank       PDXA          PREPB PREAB CAS REFPB     XP
Rank       PDXP          REFAB REFPB SREFEN        XP
Rank       SREFEX        ACT                       XS - 1
Rank       SREFEX        REFPB REFAB PDEP SREFEN   XS
Rank       SREFEX        SREFEX                    CKE + 1
"""

GDDR6 = """
Bank       ACT           READS                     RCDRD
Bank       ACT           WRITES                    RCDWR
Bank       ACT           ACT REFPB                 RC
Bank       ACT           PREPB                     RAS
Bank       RD            PREPB                     RTP
Bank       WR            PREPB                     WLQ + B + WR
Bank       WR            RDA                       max(WLQ + B + WTRL, WLQ + B + WR - RTP)
Bank       RDA           ACT REFPB                 RTP + RP
Bank       WRA           ACT REFPB                 WLQ + B + WR + RP
Bank       PREPB         ACT REFPB                 RP
Bank       REFPB         ACT REFPB                 RFCpb
BankGroup  READS         READS                     CCDL
BankGroup  WRITES        WRITES                    CCDL
BankGroup  WRITES        READS                     WLQ + B + WTRL
BankGroup  ACT           ACT REFPB                 RRDL
Rank       READS         READS                     CCDS
Rank       WRITES        WRITES                    CCDS
Rank       READS         WRITES                    RTW
Rank       WRITES        READS                     WLQ + B + WTRS
OtherRank  READS         READS                     B + RTRS
OtherRank  WRITES        WRITES                    B + RTRS
OtherRank  READS         WRITES                    RTW
Rank       ACT           ACT REFPB                 RRDS
Rank       ACT           PREAB                     RAS
Rank       ACT           REFAB SREFEN              RC
Rank       READS         PREAB                     RTP
Rank       WRITES        PREAB                     WLQ + B + WR
Rank       RDA           REFAB SREFEN              RTP + RP
Rank       WRA           REFAB SREFEN              WLQ + B + WR + RP
Rank       PREPB         PREPB PREAB               PPD
Rank       PREPB         REFAB SREFEN              RP
Rank       PREAB         ACT REFPB REFAB SREFEN    RP
Rank       REFAB         ACT REFPB REFAB SREFEN    RFCab
Rank       REFPB         ACT                       RREFD
NotRound   REFPB         REFPB                     RREFD
Round      REFPB         REFPB                     RFCpb
Rank       REFPB         PREAB REFAB SREFEN        RFCpb
Rank       READS         PDEA PDEP                 RL + B + 1
Rank       RD            SREFEN                    RL + B + 1
Rank       WR            PDEA                      WL + B
Rank       WRA           PDEA PDEP                 WL + B
Rank       ACT           PDEA                      ACTPDE
Rank       PREPB         PDEA PDEP                 PREPDE
Rank       PREAB         PDEP                      PREPDE
Rank       REFPB         PDEA PDEP                 REFPDE
Rank       REFAB         PDEP                      REFPDE
Rank       PDEA          PDXA                      PD
Rank       PDEP          PDXP                      PD
Rank       PDXA          PDEA                      PD
Rank       PDXP          PDEP                      PD
Rank       PDXA          CAS ACT PREPB PREAB REFPB  XP
Rank       PDXP          ACT REFPB REFAB SREFEN    XP
Rank       SREFEN        SREFEX                    CKESR
Rank       SREFEX        ACT REFPB REFAB PDEP SREFEN  XS
Rank       SREFEX        CAS                       LK
"""
