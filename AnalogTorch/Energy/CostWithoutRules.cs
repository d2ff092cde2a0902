using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>Costs on planned hardware without rules, for languages such as F# that cannot leave out a <c>params</c> collection; in C# they are those of <see cref="CostEstimate"/> and <see cref="CensusTaker"/>.</summary>
public static class CostWithoutRules
{
    /// <inheritdoc cref="CostEstimate.EstimateCost(nn.Module{Tensor, Tensor}, HardwareCost, Tensor, LayerHardware, IReadOnlyList{LayerRule})"/>
    public static CostReport EstimateCost(this nn.Module<Tensor, Tensor> model, HardwareCost hardware, Tensor sample, LayerHardware plan) =>
        CostEstimate.EstimateCost(model, hardware, sample, plan, []);

    /// <inheritdoc cref="CensusTaker.TakeCensus(nn.Module{Tensor, Tensor}, Tensor, LayerHardware, IReadOnlyList{LayerRule})"/>
    public static Census TakeCensus(this nn.Module<Tensor, Tensor> model, Tensor sample, LayerHardware plan) => CensusTaker.TakeCensus(model, sample, plan, []);

    /// <inheritdoc cref="CensusTaker.TakeCensus(Module, long, Action, LayerHardware, IReadOnlyList{LayerRule})"/>
    public static Census TakeCensus(this Module model, long samples, Action pass, LayerHardware plan) => CensusTaker.TakeCensus(model, samples, pass, plan, []);
}
