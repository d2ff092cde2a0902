using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>How an input and an error change the weights of an array.</summary>
public abstract record UpdateScheme : HardwareConfig
{
    /// <summary>Whether pulses are not always of full size, which some devices do not take.</summary>
    public virtual bool ShrinksPulses => false;

    /// <summary>Changes the weights by about −rate·δᵀ·x, sample by sample.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="delta">Gradients of the loss by the outputs [samples, outputs].</param>
    /// <param name="rate">Learning rate; not negative.</param>
    /// <param name="rng">The stream of this step.</param>
    /// <param name="trains">Buffers for pulse trains.</param>
    /// <param name="weights">The cells of the weights.</param>
    /// <param name="bias">The cells on the constant input; null if there are none.</param>
    public abstract void Apply(Tensor x, Tensor delta, double rate, Rng rng, PulseTrains trains, IUpdatable weights, IUpdatable? bias);
}

/// <summary>An array whose weights can be changed.</summary>
public interface IUpdatable
{
    /// <summary>Mean change of a weight (w) by one pulse.</summary>
    double WeightStep { get; }

    /// <summary>The rate at which trains are drawn: the learning rate, unless the cells have one of their own for the array that takes the pulses.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="delta">Gradients of the loss by the outputs [samples, outputs].</param>
    /// <param name="rate">Learning rate; not negative.</param>
    double TrainRate(Tensor x, Tensor delta, double rate) => rate;

    /// <summary>Pulses every cell where the trains of its two lines coincide.</summary>
    /// <param name="trains">The trains, which say how large their pulses are, and for which rates they were drawn.</param>
    void Update(TrainPair trains);

    /// <summary>Moves every weight by a given amount, as far as its devices can go, without pulses.</summary>
    /// <param name="change">Changes (w) of the shape of the weights.</param>
    /// <param name="samples">Number of training examples that the change stands for.</param>
    /// <param name="rate">Learning rate that is in the change.</param>
    void Add(Tensor change, int samples, double rate);
}
