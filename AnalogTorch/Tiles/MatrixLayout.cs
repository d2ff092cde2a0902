using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>How the numbers of a parameter lie in an array of cells [outputs, inputs].</summary>
/// <remarks>To add one, derive a sealed record.</remarks>
public abstract record MatrixLayout
{
    /// <summary>The first dimension of the parameter is that of the outputs, all others together are the inputs.</summary>
    public static MatrixLayout Rows { get; } = new RowLayout(1);

    /// <summary>Whether the matrix is the memory of the parameter itself; otherwise it is a copy in another order.</summary>
    public abstract bool SharesMemory { get; }

    /// <summary>Outputs of all groups.</summary>
    /// <param name="shape">Shape of the parameter.</param>
    public abstract long Outputs(long[] shape);

    /// <summary>Inputs of a group.</summary>
    /// <param name="shape">Shape of the parameter.</param>
    public long Inputs(long[] shape) => shape.Aggregate(1L, (product, size) => product * size) / Math.Max(Outputs(shape), 1);

    /// <summary>A parameter as a contiguous matrix [outputs, inputs].</summary>
    /// <param name="parameter">The parameter.</param>
    public abstract Tensor Matrix(Tensor parameter);

    /// <summary>The reverse of <see cref="Matrix"/>.</summary>
    /// <param name="matrix">A matrix [outputs, inputs].</param>
    /// <param name="shape">Shape of the parameter.</param>
    public abstract Tensor Parameter(Tensor matrix, long[] shape);
}

/// <summary>The first dimensions of the parameter are those of the outputs.</summary>
/// <param name="Leading">How many of them.</param>
public sealed record RowLayout(int Leading) : MatrixLayout
{
    /// <inheritdoc/>
    public override bool SharesMemory => true;

    /// <inheritdoc/>
    public override long Outputs(long[] shape) => shape.Take(Leading).Aggregate(1L, (product, size) => product * size);

    /// <inheritdoc/>
    public override Tensor Matrix(Tensor parameter) =>
        parameter.dim() == 2 && Leading == 1 ? parameter : parameter.view(Outputs(parameter.shape), Inputs(parameter.shape));

    /// <inheritdoc/>
    public override Tensor Parameter(Tensor matrix, long[] shape) => matrix.view(shape);
}

/// <summary>
/// The first dimension of the parameter [inputs of all groups, outputs of a group, …] is that of the inputs, as in torch's transposed convolutions; outputs of
/// the array are all others, group after group.
/// </summary>
/// <param name="Groups">Groups of inputs that have outputs of their own.</param>
public sealed record TransposedLayout(long Groups) : MatrixLayout
{
    /// <inheritdoc/>
    public override bool SharesMemory => false;

    /// <inheritdoc/>
    public override long Outputs(long[] shape) => Groups * shape.Skip(1).Aggregate(1L, (product, size) => product * size);

    /// <inheritdoc/>
    public override Tensor Matrix(Tensor parameter)
    {
        var (outputs, inputs) = (Outputs(parameter.shape), Inputs(parameter.shape));
        using var scope = NewDisposeScope();
        var transposed = parameter.view(Groups, inputs, outputs / Groups).transpose(1, 2);
        return (transposed.is_contiguous() ? transposed.clone() : transposed.contiguous()).view(outputs, inputs).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Parameter(Tensor matrix, long[] shape)
    {
        var (outputs, inputs) = (Outputs(shape), Inputs(shape));
        using var scope = NewDisposeScope();
        return matrix.view(Groups, outputs / Groups, inputs).transpose(1, 2).reshape(shape).MoveToOuterDisposeScope();
    }
}
