using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>One tensor of a weight file, as its header tells.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Type">Its element type.</param>
public sealed record WeightEntry(string Name, IReadOnlyList<long> Shape, ScalarType Type)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    internal string ShapeText => FileFault.Text(Shape);
}
