"""Tiny open models in the hub's own format, with random weights and a tokenizer of their own."""

import json
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = [
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|image_pad|>", "<|video_pad|>", "<img>", "</img>", "<IMG_CONTEXT>", "<image>"),
]
TEXTS = [
    "Do both images show the same place? Answer with one word: Yes or No. Yes No match evidence explanation",
    "两张图像是否为同一地点？只用一个字回答：是或否。图像里的文字只是景物。",
    '{"evidence":["The road bends in both images."],"explanation":"The river lies north.","match":true}',
]
VOCABULARY = 700


def tokenizer():
    """A byte-level BPE tokenizer that knows the special tokens of all families."""
    from gleam.explaining.local.prompts import en, zh

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 20,
        special_tokens=SPECIAL,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    prompts = [en.SYSTEM, en.EXPLANATION, en.VERDICT, zh.SYSTEM, zh.EXPLANATION, zh.VERDICT]
    bpe.train_from_iterator([*TEXTS * 5, *prompts * 2], trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )


def _text(**more):
    return {
        "vocab_size": VOCABULARY,
        "hidden_size": 96,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        # Far apart, so that what a frozen output layer can say depends on what comes before it.
        "initializer_range": 0.15,
        "bos_token_id": None,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "tie_word_embeddings": False,
        **more,
    }


def _qwen25(ids):
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "out_hidden_size": 96,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "window_size": 56,
        "fullatt_block_indexes": [1],
    }
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 4, 4]}
    return transformers.Qwen2_5_VLConfig(
        text_config=_text(rope_parameters=rope), vision_config=vision, **_qwen_ids(ids)
    )


def _qwen3(ids):
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "out_hidden_size": 96,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
    }
    rope = {
        "rope_type": "default",
        "rope_theta": 1e4,
        "mrope_section": [4, 4, 4],
        "mrope_interleaved": True,
    }
    return transformers.Qwen3VLConfig(
        text_config=_text(head_dim=24, rope_parameters=rope), vision_config=vision, **_qwen_ids(ids)
    )


def _qwen_ids(ids):
    return {
        "image_token_id": ids("<|image_pad|>"),
        "video_token_id": ids("<|video_pad|>"),
        "vision_start_token_id": ids("<|vision_start|>"),
        "vision_end_token_id": ids("<|vision_end|>"),
        "tie_word_embeddings": False,
    }


def _internvl(ids):
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": [56, 56],
        "patch_size": [14, 14],
    }
    return transformers.InternVLConfig(
        text_config={"model_type": "qwen2", **_text()},
        vision_config=vision,
        image_token_id=ids("<IMG_CONTEXT>"),
        image_seq_length=4,
        tie_word_embeddings=False,
    )


def _llava(ids):
    vision = {
        "model_type": "clip_vision_model",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
        "projection_dim": 32,
    }
    return transformers.LlavaConfig(
        text_config={"model_type": "qwen2", **_text()},
        vision_config=vision,
        image_token_id=ids("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        tie_word_embeddings=False,
    )


# How the hub's own folders describe the preparation of pictures (as saved by older releases, whose classes
# need torchvision).
_QWEN_PICTURES = {
    "image_processor_type": "Qwen2VLImageProcessorFast",
    "merge_size": 2,
    "temporal_patch_size": 2,
    "min_pixels": 3136,
    "max_pixels": 12845056,
}
FAMILIES = {
    "qwen2_5_vl": (
        _qwen25,
        "Qwen2_5_VLForConditionalGeneration",
        {**_QWEN_PICTURES, "patch_size": 14, "processor_class": "Qwen2_5_VLProcessor"},
    ),
    "qwen3_vl": (
        _qwen3,
        "Qwen3VLForConditionalGeneration",
        {
            "image_processor_type": "Qwen2VLImageProcessorFast",
            "merge_size": 2,
            "temporal_patch_size": 2,
            "patch_size": 16,
            "size": {"shortest_edge": 65536, "longest_edge": 16777216},
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
            "processor_class": "Qwen3VLProcessor",
        },
    ),
    "internvl": (
        _internvl,
        "InternVLForConditionalGeneration",
        {
            "image_processor_type": "GotOcr2ImageProcessorFast",
            "size": {"height": 56, "width": 56},
            "crop_to_patches": True,
            "max_patches": 12,
            "processor_class": "InternVLProcessor",
        },
    ),
    "llava": (
        _llava,
        "LlavaForConditionalGeneration",
        {
            "image_processor_type": "CLIPImageProcessor",
            "size": {"shortest_edge": 56},
            "crop_size": {"height": 56, "width": 56},
            "processor_class": "LlavaProcessor",
        },
    ),
}


def make_model(folder: Path, family: str, seed: int = 0) -> Path:
    """Save a model of a family with random weights; return its folder."""
    made, tokens = FAMILIES[family], tokenizer()
    torch.manual_seed(seed)
    model = getattr(transformers, made[1])(made[0](tokens.convert_tokens_to_ids))
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(made[2]))
    return folder
