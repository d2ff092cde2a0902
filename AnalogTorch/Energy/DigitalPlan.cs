using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>Where the layers of a model are that are on no tile.</summary>
/// <param name="IsOfDesign">Whether those that can be are on arrays as a design would build them; otherwise they are digital unless hardware is planned.</param>
/// <param name="Hardware">The hardware that is planned for them; null for none.</param>
/// <param name="Rules">Layers on other hardware, or left digital.</param>
internal sealed record DigitalPlan(bool IsOfDesign, LayerHardware? Hardware, IReadOnlyList<LayerRule> Rules)
{
    /// <summary>The hardware that is planned for a layer; null if there is none.</summary>
    public LayerHardware? Of(string path, Module module)
    {
        var rule = RuleOf(path, module);
        return rule is null ? Hardware : rule.Hardware;
    }

    /// <summary>The kind of a layer; null for one that is nothing but digital.</summary>
    public LayerKind? KindOf(string path, Module module) => LayerRule.KindOf(RuleOf(path, module), module);

    private LayerRule? RuleOf(string path, Module module) => Hardware is null ? null : Rules.FirstOrDefault(rule => rule.Fits(path, module));
}
