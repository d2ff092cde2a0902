using AnalogTorch.Models.Networks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>Fully connected layers with tanh between them.</summary>
public sealed class MlpNetwork : NetworkFactory
{
    /// <summary>Number of units of each hidden layer; none makes a linear model.</summary>
    public IReadOnlyList<int> HiddenUnits
    {
        get;
        init => field = value is not null && value.All(units => units > 0)
            ? [.. value]
            : throw new ArgumentException($"MlpNetwork.HiddenUnits must be positive numbers, but is {(value is null ? "null" : $"[{string.Join(", ", value)}]")}.");
    } = [64];

    /// <inheritdoc/>
    public override Module<Tensor, Tensor> Create(NetworkShape shape) =>
        Mlp.Create([shape.Features, .. HiddenUnits.Select(units => (long)units), shape.Outputs], shape.Seed);
}
