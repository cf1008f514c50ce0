"""The words of the report, English and Chinese, as data."""
# ruff: noqa: E501

from __future__ import annotations

Both = tuple[str, str]

COLUMNS: dict[str, tuple[Both, Both, str]] = {
    "balanced_accuracy": (
        ("Balanced accuracy", "平衡准确率"),
        (
            "Mean of both recalls; always saying one thing gives 50 %.",
            "两类召回率的平均值；只说一种结论得 50 %。",
        ),
        "share",
    ),
    "fact_precision": (
        ("Facts true", "事实属实"),
        (
            "Of the facts stated that could be checked, the share that is true of the scene.",
            "可核对的陈述中属实的比例。",
        ),
        "share",
    ),
    "fact_recall": (
        ("Facts named", "事实覆盖"),
        (
            "Of what could be said of both pictures, the share said truly; a text of usual length says half.",
            "可说的事实中被正确说出的比例；通常长度的文字约说一半。",
        ),
        "plain_share",
    ),
    "sound": (
        ("Sound", "完全可靠"),
        (
            "Right verdict, said in the right language, at least two true facts and no false one.",
            "结论正确、语言正确、至少两条属实的事实且无一虚假。",
        ),
        "share",
    ),
    "text_says_verdict": (
        ("Text says its verdict", "文字与结论一致"),
        ("Share of texts that conclude what the verdict says.", "文字结论与判定相同的比例。"),
        "share",
    ),
    "swapped_verdict_changes": (
        ("Swapped tile: verdict turns", "换图后结论改变"),
        (
            "Of rightly judged pairs, share whose verdict turns round when the tile is swapped.",
            "判断正确的图像对中，替换卫星图后结论随之改变的比例。",
        ),
        "share",
    ),
    "accuracy": (("Accuracy", "准确率"), ("No answer counts as wrong.", "未作答计为错误。"), "share"),
    "recall_match": (("Matches found", "匹配召回"), ("Recall of matches.", "匹配对的召回率。"), "share"),
    "recall_no_match": (
        ("Others found", "不匹配召回"),
        ("Recall of non-matches.", "不匹配对的召回率。"),
        "share",
    ),
    "f1": (("F1", "F1"), ("Of matches.", "匹配类的 F1。"), "share"),
    "auroc": (
        ("AUROC", "AUROC"),
        ("Of the probability; 0.5 is chance.", "概率的 AUROC；0.5 为随机。"),
        "number",
    ),
    "ece": (("ECE", "ECE"), ("Calibration error; 0 is best.", "校准误差；0 最好。"), "low"),
    "brier": (("Brier", "Brier"), ("0 is best, 0.25 says nothing.", "0 最好，0.25 等于没有信息。"), "low"),
    "answered": (("Answered", "已作答"), ("Share of pairs with a verdict.", "有结论的比例。"), "share"),
    "seconds": (("Seconds", "秒"), ("Per pair and language.", "每对图像、每种语言。"), "low"),
    "invented_per_text": (("False facts per text", "每篇虚假事实"), ("0 is best.", "0 最好。"), "low"),
    "stated_per_text": (("Checked facts per text", "每篇可核对事实"), ("", ""), "plain"),
    "texts_with_facts": (("Texts with facts", "含事实的文字"), ("", ""), "share"),
    "comparison_precision": (
        ("Comparisons true", "比较属实"),
        ("Of the attributes said to differ or agree, the share that does.", "所述异同中属实的比例。"),
        "share",
    ),
    "right_language": (("Right language", "语言正确"), ("", ""), "share"),
    "valid_format": (("Valid form", "格式有效"), ("", ""), "share"),
    "swapped_text_changes": (
        ("Swapped tile: text changes", "换图后文字改变"),
        ("Says other facts or another conclusion.", "陈述了不同的事实或结论。"),
        "share",
    ),
    "blank_match": (
        ("Blank picture: says match", "空白图判为匹配"),
        ("One of the pictures was grey; 0 is best.", "其中一张为灰色空白；0 最好。"),
        "low_share",
    ),
    "blank_text_changes": (("Blank picture: text changes", "空白图后文字改变"), ("", ""), "share"),
    "text_only_accuracy": (
        ("No pictures: accuracy", "无图准确率"),
        (
            "Both pictures grey; more than 50 % means that something leaks.",
            "两图皆空白；超过 50 % 说明有信息泄漏。",
        ),
        "plain_share",
    ),
    "chrf": (("chrF", "chrF"), ("0 to 100.", "0 到 100。"), "plain"),
    "bleu": (("BLEU", "BLEU"), ("Mean over texts, 0 to 100.", "逐篇平均，0 到 100。"), "plain"),
    "bleu_corpus": (("BLEU, corpus", "语料级 BLEU"), ("", ""), "plain"),
    "rouge_l": (("ROUGE-L", "ROUGE-L"), ("0 to 1.", "0 到 1。"), "low"),
    "embedding_similarity": (("Embedding", "向量相似度"), ("Cosine, -1 to 1.", "余弦，-1 到 1。"), "number"),
    "judge_score": (
        ("Judge", "模型评审"),
        (
            "Against the reference: win 1, tie 0.5; wins must hold in both orders.",
            "相对参考文字：胜 1、平 0.5；两种顺序皆胜才算胜。",
        ),
        "number",
    ),
    "judge_steady": (("Judge steady", "评审稳定"), ("Both orders agree.", "两种顺序结论一致。"), "share"),
}

SECTIONS: dict[str, tuple[Both, Both]] = {
    "headline": (
        ("What counts", "核心指标"),
        (
            "These cannot be had by fluent words: verdicts and facts are checked against what is known of the ground.",
            "这些指标无法靠流畅的文字取得：结论与事实都与已知的地面真值核对。",
        ),
    ),
    "verdicts": (
        ("Verdicts", "结论"),
        ("How often they are right, and how honest the probabilities are.", "结论的正确率以及概率是否可信。"),
    ),
    "groups": (
        ("By view, language and kind of negative", "按视角、语言与负例类型"),
        (
            "Balanced accuracy by view and language; accuracy by tier, where all pairs have the same truth.",
            "视角与语言为平衡准确率；各类型内真值相同，故为准确率。",
        ),
    ),
    "texts": (
        ("Facts and form of the texts", "文字的事实与形式"),
        (
            "Statements are read from the texts with a closed lexicon and looked up in the facts of the scene; "
            "what the facts leave open is not scored.",
            "用封闭词表从文字中读出陈述，与场景事实核对；事实不能确定的不计分。",
        ),
    ),
    "controls": (
        ("Controls", "对照"),
        ("Whoever looks at the pictures says something else when they change.", "真正看图者，图变则言变。"),
    ),
    "overlap": (
        ("Nearness to reference texts", "与参考文字的接近程度"),
        (
            "Last, because it misleads: overlap of words ranks a text with a negated verdict above a right paraphrase.",
            "放在最后，因为容易误导：词语重叠会把结论相反的文字排在正确的改写之前。",
        ),
    ),
    "proof": (
        ("Do the scores notice errors?", "评分能否发现错误？"),
        (
            "Texts made wrong on purpose, scored against the right text they were made from. “Sound” must fall to 0 % "
            "for every error; overlap of words stays above that of the right paraphrase.",
            "故意写错的文字，与其改自的正确文字比较。每种错误的“完全可靠”都应降到 0 %；而词语重叠却高于正确的改写。",
        ),
    ),
    "worst": (
        ("Worst cases", "最差案例"),
        (
            "The surest errors, the most false facts, texts that contradict their verdict.",
            "最自信的错误、虚假事实最多、自相矛盾的文字。",
        ),
    ),
}

PROOFS: dict[str, Both] = {
    "paraphrase": ("right, in other words", "正确的改写"),
    "negated_verdict": ("verdict turned round", "结论相反"),
    "wrong_value": ("one wrong value", "一处错误取值"),
    "invented": ("something invented", "虚构事物"),
    "denied": ("something denied", "否认事物"),
    "swapped": ("pictures' values exchanged", "两图取值互换"),
    "wrong_reasons": ("right verdict, wrong reasons", "结论对而理由错"),
    "wrong_difference": ("wrong difference named", "指错差异"),
}
KINDS: dict[str, Both] = {
    "wrong_verdict": ("wrong verdict", "结论错误"),
    "false_facts": ("false facts", "虚假事实"),
    "contradiction": ("contradicts itself", "自相矛盾"),
    "no_answer": ("no answer", "未作答"),
}
FAULTS: dict[str, Both] = {
    "no_answer": ("There is no answer: {problem}", "没有作答：{problem}"),
    "wrong_match": (
        "The verdict is wrong: it says that both show the same place{sure}.",
        "结论错误：称两图为同一地点{sure}。",
    ),
    "wrong_no_match": (
        "The verdict is wrong: it says that they show different places{sure}.",
        "结论错误：称两图为不同地点{sure}。",
    ),
    "no_conclusion": ("The text draws no conclusion that can be read.", "文字中读不出结论。"),
    "other_conclusion": ("The text concludes the opposite of the verdict.", "文字的结论与判定相反。"),
    "other_language": ("The text is not in the language asked for.", "文字不是所要求的语言。"),
    "false": (
        "Of {picture} it says “{said}”; in truth: “{actual}”.",
        "称{picture}“{said}”；实际为“{actual}”。",
    ),
    "denied": (
        "Of {picture} it denies “{said}”, which is so.",
        "否认{picture}“{said}”，而实际如此。",
    ),
    "no_difference": ("It says that the pictures differ in {name}; they agree.", "称{name}不同，实际一致。"),
    "no_agreement": ("It says that the pictures agree in {name}; they differ.", "称{name}一致，实际不同。"),
}
SURE: Both = (", with a probability of {probability} for a match", "（匹配概率 {probability}）")
PICTURES: dict[str, Both] = {"query": ("the query", "查询图像"), "tile": ("the tile", "卫星图")}
VIEWS: dict[str, Both] = {
    "drone": ("drone", "无人机"),
    "map": ("street map", "街道地图"),
    "panorama": ("panorama", "全景"),
    "ground": ("ground photo", "地面照片"),
}
GROUPS: dict[str, Both] = {
    **VIEWS,
    "en": ("English", "英文"),
    "zh": ("Chinese", "中文"),
    "positive": ("matches", "匹配"),
    "random": ("random", "随机"),
    "near": ("near by", "邻近"),
    "mistake": ("encoder's mistakes", "编码器误判"),
}
KINDS_OF_GROUP: dict[str, Both] = {
    "view": ("By view", "按视角"),
    "language": ("By language", "按语言"),
    "tier": ("By tier", "按负例类型"),
}
LABELS: dict[str, Both] = {
    "title": ("GLEAM-X scores", "GLEAM-X 评分"),
    "text_kind": ("Text", "文字"),
    "explainer": ("Explainer", "解释器"),
    "baseline": ("baseline", "基线"),
    "same": ("same place", "同一地点"),
    "different": ("different places", "不同地点"),
    "truth": ("truth", "真值"),
    "said": ("said", "判定"),
    "query": ("query", "查询图像"),
    "tile": ("satellite tile", "卫星图"),
    "text": ("What it wrote", "它写道"),
    "no_text": ("It writes no text.", "它不写文字。"),
    "reference": ("Reference", "参考文字"),
    "wrong": ("What is wrong", "错在哪里"),
    "none_wrong": ("Nothing was found to be wrong.", "没有发现错误。"),
    "pairs": ("pairs", "对图像"),
    "interval": (
        "Small figures: 95 % interval, drawn over places. Darker is better.",
        "小字为 95 % 区间，按地点重采样。颜色越深越好。",
    ),
    "no_figure": ("–", "–"),
}
