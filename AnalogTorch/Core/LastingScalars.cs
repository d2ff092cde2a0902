using TorchSharp;

namespace AnalogTorch.Core;

/// <summary>Scalars of torch that live as long as the program, for operations that many threads run.</summary>
/// <remarks>
/// TorchSharp 0.107.0 makes a scalar for every number that an operation gets, even for the factor 1 that <c>x.add_(y)</c> does not mention, and lets the
/// garbage collector free it while native code still reads it (https://github.com/dotnet/TorchSharp/pull/1434). That takes a collection at that very moment,
/// so it is other threads, which allocate, that bring it about: in a service, now and then. A scalar that lasts is not freed.
/// </remarks>
public static class LastingScalars
{
    /// <summary>0.</summary>
    public static readonly Scalar Zero = 0;

    /// <summary>1.</summary>
    public static readonly Scalar One = 1;

    /// <summary>−1.</summary>
    public static readonly Scalar MinusOne = -1;
}
