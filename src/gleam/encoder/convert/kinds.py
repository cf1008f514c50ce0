"""What the projects save, as data: where the network's weights lie, and what lies beside them.

Written from the published code of each. A network is plain when its vector is the pooled feature of an
unchanged timm (or original) ConvNeXt or ViT; whatever else is in the file served the training alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gleam.errors import GleamError, unknown_name

CONVNEXT_BASE = "convnext_base.fb_in22k_ft_in1k_384"


@dataclass(frozen=True)
class Kind:
    """How one project saves its network.

    title: of the project. source: where its code is. licence: of the code, as far as its repository says;
    that of weights is their authors' to state.
    prefix: before the network's own names. layout: whose names follow it.
    dropped: patterns of names, and what they are; they have no part in the vector.
    backbone: the timm network it is trained with unless told otherwise.
    pixels, panorama: (side) and (height, width) its pictures are resized to; panorama None: it has none.
    """

    title: str
    source: str
    licence: str
    prefix: str
    layout: Literal["timm", "original"] = "timm"
    dropped: dict[str, str] = field(default_factory=dict)
    backbone: str = CONVNEXT_BASE
    pixels: int = 384
    panorama: tuple[int, int] | None = None


_SCALE = {"logit_scale": "scale of the loss"}
_PARTS = {
    **_SCALE,
    "logit_scale_blocks": "scale of the loss of parts",
    "w_blocks[123]": "weights of the loss of parts",
    "model_1.convnext.head.*": "classes of ImageNet",
    "model_1.classifier*": "classes of the training places",
}
_ATTENTION = {"model_1.tri_layer.*": "attention over the parts, in the loss alone"}
_ALIGNMENT = {"model_1.proj.*": "projection of the domain alignment, in the loss alone"}

KINDS: dict[str, Kind] = {
    "sample4geo": Kind(
        title="Sample4Geo",
        source="github.com/Skyy93/Sample4Geo",
        licence="none stated",
        prefix="model.",
        dropped=_SCALE,
        panorama=(384, 768),
    ),
    "congeo": Kind(
        title="ConGeo",
        source="github.com/eceo-epfl/ConGeo",
        licence="none stated",
        prefix="model.",
        dropped=_SCALE,
        panorama=(384, 768),
    ),
    "game4loc": Kind(
        title="GTA-UAV (Game4Loc)",
        source="github.com/Yux1angJi/GTA-UAV",
        licence="Apache-2.0",
        prefix="model.",
        dropped={**_SCALE, "MLP.*": "head that predicts offsets"},
        backbone="vit_base_patch16_rope_reg1_gap_256.sbb_in1k",
    ),
    "camp": Kind(
        title="CAMP",
        source="github.com/Mabel0403/CAMP",
        licence="MIT",
        prefix="model_1.convnext.",
        layout="original",
        dropped={
            **_PARTS,
            **_ATTENTION,
            "ECE_weight_*": "weights of the losses",
            "model_1.pos_embed": "positions of the parts, in the loss alone",
            "model_1.pos_scale": "scale of the positions of the parts, in the loss alone",
        },
    ),
    "dac": Kind(
        title="DAC",
        source="github.com/SummerpanKing/DAC",
        licence="Apache-2.0",
        prefix="model_1.convnext.",
        layout="original",
        dropped={
            **_PARTS,
            **_ATTENTION,
            **_ALIGNMENT,
            "model_1.proj_obj.*": "projection of the domain alignment, in the loss alone",
        },
    ),
    "mean": Kind(
        title="MEAN",
        source="github.com/ISChenawei/MEAN",
        licence="Apache-2.0",
        prefix="model_1.convnext.",
        layout="original",
        dropped={
            **_PARTS,
            **_ALIGNMENT,
            "model_1.DEG.*": "enhancement of the parts, in the loss alone",
            "model_1.MSF.*": "fusion of the parts, in the loss alone",
            "model_1.feature_scaling.*": "scaling of the domain alignment, in the loss alone",
        },
        backbone="convnext_tiny",
    ),
    "timm": Kind(
        title="timm",
        source="github.com/huggingface/pytorch-image-models",
        licence="Apache-2.0",
        prefix="",
        dropped={"head.fc.*": "classes", "head.weight": "classes", "head.bias": "classes", "fc.*": "classes"},
        panorama=(384, 768),
    ),
}

NOT_PLAIN: dict[str, str] = {
    "anyloc": "its vector is a VLAD over clusters of DINOv2 tokens, which lie in another file",
    "cvcities": "its vector comes from an aggregating head over a DINOv2 of its own",
    "denseuav": "its vector is the output of a trained bottleneck behind the network",
    "fsra": "its vector joins several classifier bottlenecks over regions of the tokens",
    "lpn": "its vector joins several classifier bottlenecks over rings of the map",
    "qdfl": "its vector comes from learnt queries over a DINOv2",
    "university1652": "its vector is the output of a trained bottleneck with batch normalisation",
    "vigor": "it is a TensorFlow 1 network with a spatial attention head",
}
"""Projects whose networks are no plain ConvNeXt or ViT, and why; they cannot be converted."""


def kind_of(name: str) -> Kind:
    """Return the kind called ``name``.

    Raises:
        GleamError: There is none; or the project's network is not plain, and why.
    """
    plain = name.strip().lower().replace("-", "").replace("_", "")
    if plain in NOT_PLAIN:
        raise GleamError(
            f"Weights of {name} cannot be converted: {NOT_PLAIN[plain]}. Kinds that can: "
            f"{', '.join(sorted(KINDS))}."
        )
    if plain not in KINDS:
        raise unknown_name("kind of weights", name, KINDS)
    return KINDS[plain]
